"""Results of the public API."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from genretag.errors import FileError

Source = Literal["heard", "album", "artist", "library"]


@dataclass(frozen=True)
class Prediction:
    """The genres of one file, as a model scores them.

    Attributes:
        path: the file.
        genres: all genres of the model as pairs (name, score), best first. Scores lie in [0, 1] and
            sum to 1; those of a learned model to less, as it has a part for other music; and where
            each genre scores by itself, to any number. Empty if the file is silent.
        duration_s: how long the file plays, in seconds.
        windows: how many windows of the file were scored; those of silence are left out.
        model: which model it was, as NAME@DIGEST with 12 hexadecimal digits of its SHA-256.
        is_calibrated: whether scores are calibrated probabilities. If not, they rank genres, until
            `genretag evaluate --save` has calibrated the model.
    """

    path: Path
    genres: tuple[tuple[str, float], ...]
    duration_s: float
    windows: int
    model: str
    is_calibrated: bool = True


@dataclass(frozen=True)
class Decision:
    """The genres that `genretag scan` would write into one file.

    Attributes:
        path: the file.
        before: its genres now.
        after: its genres if the decision is carried out; `before` if nothing is to be written.
        score: of the best genre, or of the family that is written, in [0, 1]; None if nothing was
            scored.
        source: what decided: the file's own sound (`heard`), that of its `album` or of its
            `artist`'s songs, or genres that a person gave other files (`library`). None if nothing
            was to decide.
        reason: why nothing is to be written; None if something is.
        genres: the scores that decided, as pairs (name, score), best first: of the file by itself
            or of what it was decided with. Empty if nothing was scored.
        is_calibrated: as of `Prediction`.
    """

    path: Path
    before: tuple[str, ...]
    after: tuple[str, ...]
    score: float | None = None
    source: Source | None = None
    reason: str | None = None
    genres: tuple[tuple[str, float], ...] = ()
    is_calibrated: bool = True


@dataclass(frozen=True)
class Failed:
    """A file among several that could not be handled; `error` says why."""

    path: Path
    error: FileError


@dataclass(frozen=True)
class Written:
    """The result of `write_genres`.

    Attributes:
        path: the file.
        before: its genres before.
        after: its genres now.
        run: the number by which `genretag undo RUN` takes it back; None if the file had these
            genres already and was not touched.
        notes: sentences about what could not be kept, such as other hard links to the file.
    """

    path: Path
    before: tuple[str, ...]
    after: tuple[str, ...]
    run: int | None = None
    notes: tuple[str, ...] = ()
