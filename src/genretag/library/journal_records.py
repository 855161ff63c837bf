"""The records of the journal."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from filelock import FileLock

from genretag.domain.change import ChangedPlaces
from genretag.domain.genre import Names
from genretag.domain.layout import Layout
from genretag.domain.places import FieldChange

State = Literal["pending", "committed", "abandoned"]


@dataclass(frozen=True)
class Entry(ChangedPlaces):
    """One write.

    Attributes:
        path: the file.
        staged: its copy beside it, which is edited and then takes its place.
        device: number of the file system of the file before the write.
        inode: number of the file there.
        container: its row of `tags.CONTAINERS`.
        before: its genres before.
        after: its genres after.
        layout: how several genres are stored.
        raw_before: what it wrote over as it was stored before, a `tags.RawGenres` as JSON.
        raw_after: the same after the write; known once that is committed.
        model: identity of the model; None if it was not a model's decision.
        state: `pending` until it is known how the write ended.
        id: its number in the journal; 0 before it has one.
        fields: the changes of places beside the genre.
    """

    path: Path
    staged: Path
    device: int
    inode: int
    container: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    layout: Layout
    raw_before: str
    raw_after: str | None = None
    model: str | None = None
    state: State = "pending"
    id: int = 0
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True)
class Origin:
    """The origin of the genres of a file, by the runs that wrote into it.

    Attributes:
        written: those that genretag gave it by a model.
        decided: those that a person decided last; empty if genretag decided since. The file may
            have others by now.
    """

    written: Names = ()
    decided: Names = ()


@dataclass(frozen=True)
class RunRecord:
    """One run of the history.

    Attributes:
        id: its number.
        started: when.
        command: what a person called.
        undoes: the number of the run that it takes back; None for other commands.
        counts: how many of its entries are in each state.
        undone: whether a later run has taken it back completely.
        folder: where its files lie; None if not known.
        options: those that were given; empty if not known.
    """

    id: int
    started: datetime
    command: str
    undoes: int | None
    counts: dict[State, int]
    undone: bool
    folder: Path | None = None
    options: str = ""


@dataclass
class OpenRun:
    """A run in progress. It gets its number with its first entry: one without leaves no gap."""

    command: str
    undoes: int | None = None
    folder: Path | None = None
    options: str = ""
    number: int | None = None
    lock: FileLock | None = None
