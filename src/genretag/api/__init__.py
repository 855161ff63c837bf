"""The public API: predict genres, decide what to write, and read and write genres in tags.

Use it as `import genretag`. What is heavy (NumPy, ONNX Runtime, FFmpeg, the journal) is imported by
the functions that need it, so that a program may import genretag and never pay for it.
"""

from genretag.api.results import Decision, Failed, Prediction, Written
from genretag.api.tagger import Tagger
from genretag.api.tags import read_genres, write_genres
from genretag.api.track import Track

__all__ = [
    "Decision",
    "Failed",
    "Prediction",
    "Tagger",
    "Track",
    "Written",
    "read_genres",
    "write_genres",
]
