"""The algorithms of Essentia that run its models, and what each of them gives a model."""

from collections.abc import Mapping
from dataclasses import dataclass

from genretag.domain.front_end import FRONT_ENDS, FrontEnd
from genretag.errors import Code, RunError, shorten

HEAD = "TensorflowPredict2D"
"""Runs a head, whose input are the embeddings of another model."""


@dataclass(frozen=True)
class Algorithm:
    """Describes the input that an algorithm gives a model.

    Attributes:
        front_end: settings of the mel spectrogram.
        n_frames: how many frames of it, where the graph leaves that open.
    """

    front_end: FrontEnd
    n_frames: int


ALGORITHMS: Mapping[str, Algorithm] = {
    "TensorflowPredictMusiCNN": Algorithm(FRONT_ENDS["musicnn"], 187),
    "TensorflowPredictVGGish": Algorithm(FRONT_ENDS["vggish"], 96),
    "TensorflowPredictEffnetDiscogs": Algorithm(FRONT_ENDS["musicnn"], 128),
    "TensorflowPredictMAEST": Algorithm(FRONT_ENDS["maest"], 1876),
}
"""By the name in a model's metadata. Patches: Essentia 2.1, the reference of its algorithms."""


def find_algorithm(name: str) -> Algorithm:
    """Return an algorithm by its name; RunError `unknown-algorithm` if it is none of the known."""
    if name in ALGORITHMS:
        return ALGORITHMS[name]
    if name == HEAD:
        message = "The model is a head: it scores the embeddings of another model, and no sound"
        hint = "Import the model of its embeddings, and name this one with --head."
    else:
        message = f"The model is for Essentia's {shorten(name)!r}, which is not known"
        hint = f"Models for {', '.join(ALGORITHMS)} can be imported."
    raise RunError(Code.UNKNOWN_ALGORITHM, message, hint)
