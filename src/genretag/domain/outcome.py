"""The outcome of one file."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

from genretag.domain.change import TagChange
from genretag.domain.places import FieldChange
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.domain.unit import Source, Unit
from genretag.errors import GenretagError


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The outcome of one file; each status is a subclass.

    Attributes:
        path: the file.
        before: its genres before.
        after: its genres after.
        fields: the changes of other places than the genre, which `--field` chose.
        prediction: the genres that decided; None if the file was not scored.
        family: the family that was sure where no genre was, with the sum of its genres' scores.
        own: the prediction for its own sound, where those that decided are of more tracks.
        unit: the tracks that it was decided with; None if it was decided alone.
        source: what decided; None where nothing did.
        reason: why it has this status.
        notes: what a person should know beside: second tags that show another genre, what a
            change of version loses, a hard link that was broken.
        error: why it failed, or why a report could not analyse a file that `scan` leaves alone.
    """

    status: ClassVar[str]

    path: Path
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    fields: tuple[FieldChange, ...] = ()
    prediction: Prediction | None = None
    family: ScoredGenre | None = None
    own: Prediction | None = None
    unit: Unit | None = None
    source: Source | None = None
    reason: str | None = None
    notes: tuple[str, ...] = ()
    error: GenretagError | None = None

    @property
    def best(self) -> ScoredGenre | None:
        """The family or else the genre with the highest score of those that decided, if any."""
        return self.family or next(iter(self.prediction.genres if self.prediction else ()), None)

    def convert(self, kind: "type[Outcome]", **changes: Any) -> "Outcome":
        """Return the same file's outcome as another kind, with `changes`."""
        kept = {field.name: getattr(self, field.name) for field in fields(Outcome)}
        return kind(**(kept | changes))


class Tagged(Outcome):
    """Its genres were written."""

    status = "tagged"


@dataclass(frozen=True, kw_only=True)
class Planned(Outcome):
    """Its genres are decided and not yet written; `by_person` if a person has changed them."""

    status = "planned"

    change: TagChange
    by_person: bool = False

    @classmethod
    def of(cls, change: TagChange, prediction: Prediction | None = None) -> "Planned":
        """Return the outcome of a decision to write."""
        return cls(
            path=change.path,
            before=change.before,
            after=change.after,
            fields=change.fields,
            prediction=prediction,
            change=change,
        )


class Unchanged(Outcome):
    """There was nothing to do; `reason` says why."""

    status = "unchanged"


class Unsure(Outcome):
    """It was scored, but no genre high enough to be written."""

    status = "unsure"


class Skipped(Outcome):
    """Left out by rule; `reason` says which."""

    status = "skipped"


@dataclass(frozen=True, kw_only=True)
class Failed(Outcome):
    """It could not be handled; `error` says why.

    `is_known` if an earlier run failed likewise, and nobody has touched the file since.
    """

    status = "failed"

    is_known: bool = False


OUTCOMES: tuple[type[Outcome], ...] = (Tagged, Planned, Unchanged, Unsure, Skipped, Failed)
