"""Opens files that commands write for people and scripts; what goes wrong there ends a run."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TextIO

from genretag.errors import Code, RunError, UsageError


@contextmanager
def open_output(path: Path) -> Iterator[TextIO]:
    """Open a text file to write.

    Raises:
        UsageError: `bad-option`, it is called like music.
        RunError: `output-failed`, it cannot be opened or finished.
    """
    refuse_music(path)
    with translate_errors(path):
        # A path that is not UTF-8 is written as the bytes it has on disk.
        stream = path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
    try:
        yield stream
    finally:
        with translate_errors(path):
            stream.close()


@contextmanager
def open_result(path: Path | None) -> Iterator[TextIO]:
    """Open a text file to write what a command found out, or else standard output.

    Raises:
        UsageError, RunError: as `open_output`; what goes wrong while it is written as well.
    """
    with open_output(path) if path else nullcontext(sys.stdout) as stream, translate_errors(path):
        yield stream
        stream.flush()


def refuse_music(path: Path) -> None:
    """Raise UsageError `bad-option` if `path` is called like music, which nothing may replace."""
    from genretag.library.walk import AUDIO_SUFFIXES

    if path.suffix.casefold() in AUDIO_SUFFIXES:
        raise UsageError(
            Code.BAD_OPTION, f"{path}: that would take the place of music", "Choose another name."
        )


@contextmanager
def translate_errors(output: Path | None) -> Iterator[None]:
    """Turn what the system says of `output`, or of standard output, into `output-failed`.

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
