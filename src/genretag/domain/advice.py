"""Tells what a lower threshold would bring, from the scores that were not enough."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from genretag.domain.outcome import Outcome, Planned, Unsure
from genretag.domain.tagging import TagPolicy, decide
from genretag.domain.track import Track

THRESHOLDS = (0.9, 0.8, 0.7, 0.6, 0.5)
"""What may be proposed: below 0.5 a genre is more likely wrong than right."""

_MOSTLY = 0.75


@dataclass(frozen=True)
class Proposal:
    """A lower threshold, the unsure files that it would tag, and the share of them in [0, 1]
    that would be right if the model's scores are calibrated: their mean."""

    threshold: float
    files: int
    right: float


class Doubts:
    """Counts unsure files, and what lower thresholds than that of `policy` would tag of them."""

    def __init__(self, policy: TagPolicy) -> None:
        self.unsure = 0
        self._policies = [
            replace(policy, threshold=lower) for lower in THRESHOLDS if lower < policy.threshold
        ]
        self._files = [0] * len(self._policies)
        self._scores = [0.0] * len(self._policies)

    def counted(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """The same outcomes, each counted."""
        for outcome in outcomes:
            if isinstance(outcome, Unsure):
                self._add(outcome)
            yield outcome

    def _add(self, outcome: Unsure) -> None:
        self.unsure += 1
        heard = outcome.prediction
        if heard is None or not heard.genres:
            return
        track = Track(outcome.path, "", outcome.before)
        for number, policy in enumerate(self._policies):
            if isinstance(decide(track, heard, policy), Planned):
                self._files[number] += 1
                self._scores[number] += heard.genres[0].score

    def proposal(self) -> Proposal | None:
        """Return what tags the most files of which three in four are right, else what tags any."""
        proposals = [
            Proposal(policy.threshold, files, score / files)
            for policy, files, score in zip(self._policies, self._files, self._scores, strict=True)
            if files
        ]
        mostly_right = [one for one in proposals if one.right >= _MOSTLY]
        return max(mostly_right or proposals[:1], key=lambda one: one.files, default=None)
