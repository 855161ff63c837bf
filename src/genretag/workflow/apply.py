"""Carries out what was decided: writes genres into files."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from genretag import tags
from genretag.domain.outcome import Failed, Outcome, Planned, Tagged
from genretag.errors import FileError, unwritable


def apply(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """Write each Planned outcome, which becomes Tagged or Failed; pass the others on."""
    for outcome in outcomes:
        yield _written(outcome) if isinstance(outcome, Planned) else outcome


def _written(planned: Planned) -> Outcome:
    try:
        _replace(planned.path.resolve(), planned.after)
    except FileError as error:
        return planned.turned_into(Failed, after=planned.before, error=error)
    return planned.turned_into(Tagged)


def _replace(path: Path, genres: tuple[str, ...]) -> None:
    """Write into a copy beside `path` and swap the two: the file is never half written."""
    try:
        handle, name = tempfile.mkstemp(prefix=".genretag-", suffix=path.suffix, dir=path.parent)
        staged = Path(name)
        try:
            with os.fdopen(handle, "r+b") as target, path.open("rb") as source:
                shutil.copyfileobj(source, target, 1 << 20)
            shutil.copystat(path, staged)
            tags.write(staged, genres)
            with staged.open("rb") as target:
                os.fsync(target.fileno())
            staged.replace(path)
        finally:
            with suppress(FileNotFoundError):
                staged.unlink()
    except OSError as error:
        raise unwritable(path, error) from error
