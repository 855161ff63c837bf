"""Files that commands write for people and scripts; what goes wrong there ends a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from genretag.errors import Code, RunError, UsageError


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """A text file to write; RunError `output-failed` if it cannot be opened or finished."""
    refuse_music(path)
    with translated(path):
        # A path that is not UTF-8 is written as the bytes it has on disk.
        stream = path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
    try:
        yield stream
    finally:
        with translated(path):
            stream.close()


def refuse_music(path: Path) -> None:
    """UsageError `bad-option` if `path` is called like music: nothing may take its place."""
    from genretag.library.walk import AUDIO_SUFFIXES

    if path.suffix.casefold() in AUDIO_SUFFIXES:
        raise UsageError(
            Code.BAD_OPTION, f"{path}: that would take the place of music", "Choose another name."
        )


@contextmanager
def translated(output: Path | None) -> Iterator[None]:
    """Turn what the system says over `output`, or standard output, into `output-failed`.

    A reader of standard output that has seen enough is no failure: `app.main` ends quietly.
    """
    try:
        yield
    except OSError as error:
        if output is None and isinstance(error, BrokenPipeError):
            raise
        raise RunError(
            Code.OUTPUT_FAILED,
            f"{output or 'standard output'}: cannot be written: {error.strerror}",
            "Check the folder, its rights and the space on its disk.",
        ) from error
