"""Stage 1: find the files of a library."""

from collections.abc import Sequence
from pathlib import Path

from genretag.domain.outcome import Outcome
from genretag.library.prefetch import Prefetch
from genretag.library.walk import Walk


def find(paths: Sequence[Path], walk: Walk) -> Prefetch[Path | Outcome]:
    """Return the audio files under `paths`, and outcomes of what is left out, as `Walk.files` does.

    They are found in a thread, so that a progress bar soon knows how many there are.
    """
    return Prefetch(walk.files(paths))
