"""Stage 1: find the files of a library."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import SimpleQueue

from genretag.domain.outcome import Outcome
from genretag.library.prefetch import Prefetch
from genretag.library.walk import Walk


def find(paths: Sequence[Path], walk: Walk) -> Prefetch[Path | Outcome]:
    """Return the audio files under `paths`, and outcomes of what is left out, as `Walk.files` does.

    They are found in a thread, so that a progress bar soon knows how many there are.
    """
    return Prefetch(walk.files(paths))


def find_twice(
    paths: Sequence[Path], walk: Walk
) -> tuple[Prefetch[Path | Outcome], Iterator[Path | Outcome]]:
    """Return what `find` does, and the same again for another thread, looking for it once."""
    again: SimpleQueue[Path | Outcome | None] = SimpleQueue()

    def files() -> Iterator[Path | Outcome]:
        try:
            for file in walk.files(paths):
                again.put(file)
                yield file
        finally:
            again.put(None)

    return Prefetch(files()), iter(again.get, None)
