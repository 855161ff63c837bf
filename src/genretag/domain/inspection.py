"""The result of `genretag inspect` for one file."""

from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import fmean

from genretag.domain.occlusion import Band, Effect
from genretag.domain.prediction import ScoredGenre
from genretag.domain.stored_tags import StoredTag
from genretag.domain.timeline import Timeline


@dataclass(frozen=True, eq=False)
class Inspection:
    """The tags of one file, the prediction, and what speaks for it.

    Attributes:
        path: the file.
        container: what holds the tags; None if genretag cannot tag it.
        tags: as they are stored, in the order in which they are read.
        genres: as genretag reads them from the tags.
        stale: names of second tags that show another genre.
        timeline: predictions window by window.
        threshold: the score from which the best genre is written, in [0, 1].
        effects: effects of the stretches of each window on the best genre.
        bands: effects of the octaves of each window on it.
        set_probability: with what probability `likely_set` holds the true genre; None for no set.
        likely_set: a prediction set, best first.
    """

    path: Path
    container: str | None
    tags: tuple[StoredTag, ...]
    genres: tuple[str, ...]
    stale: tuple[str, ...]
    timeline: Timeline
    threshold: float
    effects: tuple[tuple[Effect, ...], ...] = ()
    bands: tuple[tuple[Effect, ...], ...] = ()
    set_probability: float | None = None
    likely_set: tuple[ScoredGenre, ...] = ()

    @property
    def best(self) -> ScoredGenre | None:
        """The genre with the highest score; None if all windows are silent."""
        return next(iter(self.timeline.prediction.genres), None)

    @property
    def is_sure(self) -> bool:
        """Whether the best genre scores enough to be written."""
        return self.best is not None and self.best.score >= self.threshold

    @property
    def octaves(self) -> tuple[tuple[Band, float], ...]:
        """Each octave and its mean worth over the windows, from the lowest."""
        worth: dict[Band, list[float]] = {}
        for effect in chain.from_iterable(self.bands):
            if effect.part.band:
                worth.setdefault(effect.part.band, []).append(effect.worth)
        return tuple((band, fmean(found)) for band, found in worth.items())
