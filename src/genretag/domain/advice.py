"""Advises on a lower threshold, from the scores that were not enough."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from genretag.domain.outcome import Outcome, Planned, Unsure
from genretag.domain.tagging import TagPolicy, decide
from genretag.domain.track import Track

THRESHOLDS = (0.9, 0.8, 0.7, 0.6, 0.5)
"""Thresholds to propose: below 0.5 a genre is more likely wrong than right."""

_MOSTLY = 0.75


@dataclass(frozen=True)
class Proposal:
    """A lower threshold, and what it would do for the unsure files.

    Attributes:
        threshold: in [0, 1].
        files: how many it would tag.
        precision: how many of those would be right, in [0, 1], if scores are calibrated: their
            mean score.
    """

    threshold: float
    files: int
    precision: float


class ThresholdAdvice:
    """Counts unsure files, and how many of them lower thresholds than the policy's would tag.

    Scores that are not calibrated tell nothing of that.
    """

    def __init__(self, policy: TagPolicy) -> None:
        self.unsure = 0
        self._policies = [
            replace(policy, threshold=lower) for lower in THRESHOLDS if lower < policy.threshold
        ]
        self._files = [0] * len(self._policies)
        self._scores = [0.0] * len(self._policies)

    def count(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """Yield the same outcomes, each counted."""
        for outcome in outcomes:
            if isinstance(outcome, Unsure):
                self._add(outcome)
            yield outcome

    def _add(self, outcome: Unsure) -> None:
        self.unsure += 1
        prediction = outcome.prediction
        if prediction is None or not (prediction.genres and prediction.is_calibrated):
            return
        track = Track(outcome.path, "", outcome.before)
        for number, policy in enumerate(self._policies):
            planned = decide(track, prediction, policy)
            if isinstance(planned, Planned) and planned.best:
                self._files[number] += 1
                self._scores[number] += planned.best.score

    def propose(self) -> Proposal | None:
        """Return the threshold that tags most files, three in four of them right.

        Where there is none, the highest that tags any; None if none does.
        """
        proposals = [
            Proposal(policy.threshold, files, score / files)
            for policy, files, score in zip(self._policies, self._files, self._scores, strict=True)
            if files
        ]
        mostly_right = [one for one in proposals if one.precision >= _MOSTLY]
        return max(mostly_right or proposals[:1], key=lambda one: one.files, default=None)
