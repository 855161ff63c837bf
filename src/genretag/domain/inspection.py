"""Everything that can be said of one file."""

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
    """What one file's tags say, what was heard in it, and why.

    Attributes:
        path: the file.
        container: what holds the tags; None if genretag cannot tag it.
        tags: as they are stored, in the order in which they are read.
        genres: what the tags come to.
        stale: names of second tags that show another genre.
        timeline: what was heard, window by window.
        threshold: the score from which the best genre is written.
        effects: what stretches of each window are worth to the best genre.
        bands: what octaves of each window are worth to it.
        wished: the probability with which a set of genres shall hold the true one, if any.
        likely: the genres of that set.
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
    wished: float | None = None
    likely: tuple[ScoredGenre, ...] = ()

    @property
    def best(self) -> ScoredGenre | None:
        """The most likely genre; None if nothing but silence was heard."""
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
