"""Finds the files that are decided together with one, and analyses what is not known of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from genretag import tags
from genretag.domain.analysis import Analysis
from genretag.domain.outcome import Outcome, Unchanged
from genretag.domain.tagging import TagPolicy, selection
from genretag.domain.unit import UnitKind
from genretag.errors import FileError
from genretag.inference.session import Model
from genretag.library.walk import Walk
from genretag.pipeline.decide import UnitSettings, given_names
from genretag.pipeline.group import Batch, continues, group
from genretag.pipeline.read import read, select
from genretag.pipeline.recall import PredictionCache
from genretag.pipeline.score import rescore

Analyse = Callable[[Sequence[Path]], Iterable[Analysis]]
"""Analyses files, and scores all of them."""

_WALK = Walk()


class Neighbours:
    """Knows the files around others; each is read and analysed once.

    Attributes:
        policy: what `scan` would write; it fills in missing genres.
        units: how tracks are decided together.

    Args:
        predictions: those of earlier runs.
        model: predicts.
        analyse: analyses those that are not known.
    """

    def __init__(
        self,
        policy: TagPolicy,
        units: UnitSettings,
        predictions: PredictionCache,
        model: Model,
        analyse: Analyse,
    ) -> None:
        self.policy = policy
        self.units = units
        self._predictions = predictions
        self._model = model
        self._analyse = analyse
        self._selection = selection(policy)
        self._known: dict[Path, Analysis] = {}

    def find_unit(self, own: Analysis) -> tuple[Batch, list[Analysis]]:
        """Return the files around `own`, and those of them that are decided together with it.

        These are analysed; others that are not stay as they are.

        A file that has a genre is seen as before genretag wrote: as if it had none, and the
        others not what genretag wrote into them. One that `scan` leaves out is with no others.

        Args:
            own: with an absolute path, and a prediction or an outcome.
        """
        track = own.track
        as_before = bool(track and self.policy.real(track.genres))
        own = self._without_genres(own) if as_before else own
        files = self._find(own, self.units.kind)
        while True:
            found = [own if one.path == own.path else self._see(one, as_before) for one in files]
            batch, members = _batch_of(own, group(found, self.units.kind))
            unknown = [one.path for one in members if _is_unknown(one)]
            if not unknown:
                return Batch(tuple(map(_keep_unknown, batch.analyses)), batch.by), members
            self._known |= {one.path: one for one in self._analyse(unknown)}

    def _find(self, own: Analysis, by: UnitKind) -> list[Analysis]:
        """Return the files that may be of one unit with `own`, itself among them, in their order.

        By artist these are the files under the folder around its folder. By album they are those
        of its folder, and as many before and after it as `scan` would look at with them.
        """
        if by == "artist":
            under = [self._read(file) for file in _WALK.files([own.path.parent.parent])]
            return under if own.path in [one.path for one in under] else [own]
        found = [own]
        if by == "album":
            before = map(self._read, _WALK.beside(own.path, backwards=True))
            for _, one_folder in groupby(before, lambda one: one.path.parent):
                earlier = [*one_folder][::-1]
                if not continues(earlier, found[0]):
                    break
                found = earlier + found
            for later in map(self._read, _WALK.beside(own.path)):
                if not continues(found, later):
                    break
                found.append(later)
        return found

    def _read(self, file: Path | Outcome) -> Analysis:
        """Return what earlier runs or its tags say of a file; without a prediction for the rest."""
        if isinstance(file, Outcome):
            return Analysis(file.path, outcome=file)
        known = self._known.get(file) or self._recall(file)
        if known is None:
            try:
                with tags.open(file) as tagged:
                    track, outcome = select(read(tagged), self._selection)
                known = Analysis(file, track, outcome=outcome)
            except FileError as error:
                known = Analysis.failed(file, error)
        return self._known.setdefault(file, known)

    def _recall(self, file: Path) -> Analysis | None:
        known = self._predictions.recall(file, self._selection)
        return next(rescore([known], self._model)) if known else None

    def _see(self, analysis: Analysis, as_before: bool) -> Analysis:
        """Return what is known of a file by now, as if genretag had not written if `as_before`."""
        analysis = self._known.get(analysis.path, analysis)
        if not as_before or given_names(analysis, self.policy, self.units):
            return analysis
        return self._without_genres(analysis)

    @staticmethod
    def _without_genres(analysis: Analysis) -> Analysis:
        """Return `analysis` as if its file had no genre; what is left out or failed stays so."""
        outcome = None if isinstance(analysis.outcome, Unchanged) else analysis.outcome
        track = analysis.track and replace(analysis.track, genres=())
        return replace(analysis, track=track, outcome=outcome)


def _batch_of(own: Analysis, batches: Iterable[Batch]) -> tuple[Batch, list[Analysis]]:
    """Return the batch of `own`, and the files of its group."""
    for batch in batches:
        for one in batch.groups:
            members = [batch.analyses[n] for n in one.members]
            if any(member is own for member in members):
                return batch, members
    return Batch((own,), "track"), []


def _is_unknown(analysis: Analysis) -> bool:
    return analysis.prediction is None and analysis.outcome is None


def _keep_unknown(analysis: Analysis) -> Analysis:
    """Return `analysis`; decided to stay as it is if it is of another unit, and not analysed."""
    return replace(analysis, outcome=analysis.as_outcome()) if _is_unknown(analysis) else analysis
