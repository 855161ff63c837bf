"""Tells when places in which something changes have been left alone for long enough."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from math import inf
from typing import Generic, TypeVar

Place = TypeVar("Place", bound=Hashable)

PATIENCE = 10
"""Places that have settled wait for the others, but no longer than so many times `settle_s`."""


@dataclass
class _Change:
    """The last change of a place that has not settled.

    Attributes:
        at_s: when it came.
        looked_s: when somebody looked at the place for the first time since.
        news: what was new there; None until somebody has looked.
    """

    at_s: float
    looked_s: float = -inf
    news: Hashable | None = None


class Settling(Generic[Place]):
    """Places that change, until they have settled.

    A place has settled once nobody has told of a change for `settle_s` seconds, and what is new
    there has been the same for half that time at least: not every file system tells of all
    changes. Places that settle while others still change are given back together, so that what
    comes together is one batch.

    Times are seconds of a clock that never goes back, the same for all calls.
    """

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._changing: dict[Place, _Change] = {}
        self._settled: dict[Place, Hashable] = {}
        self._settled_at_s = inf

    def touch(self, place: Place, now_s: float) -> None:
        """Record that something has changed in a place."""
        self._changing[place] = _Change(now_s)
        self._settled.pop(place, None)

    def notice(self, place: Place, now_s: float) -> None:
        """Record that something in a place is new, which it may have been for long."""
        if place not in self._settled:
            self._changing.setdefault(place, _Change(now_s))

    @property
    def next_s(self) -> float:
        """When `take` has something to do; infinite if nothing changes."""
        return min([self._last_s, *map(self._due_s, self._changing.values())])

    def take(self, now_s: float, look: Callable[[Place], Hashable]) -> dict[Place, Hashable]:
        """Return the places that have settled and what is new there, if it is time for them.

        Args:
            now_s: the time.
            look: returns what is new in a place; what is false if there is nothing new, and then
                the place is forgotten.

        Returns:
            Each place once, in the order in which they settled.
        """
        for place, change in list(self._changing.items()):
            if now_s >= self._due_s(change):
                self._look(place, change, now_s, look(place))
        if self._settled and (not self._changing or now_s >= self._last_s):
            settled, self._settled = self._settled, {}
            return settled
        return {}

    def _look(self, place: Place, change: _Change, now_s: float, news: Hashable) -> None:
        if not news:
            del self._changing[place]
        elif change.news is None:
            change.looked_s, change.news = now_s, news
        elif change.news == news:
            del self._changing[place]
            self._settled_at_s = self._settled_at_s if self._settled else now_s
            self._settled[place] = news
        else:
            self._changing[place] = _Change(now_s, now_s, news)

    @property
    def _last_s(self) -> float:
        """Until when those that have settled wait for others."""
        return self._settled_at_s + PATIENCE * self._settle_s if self._settled else inf

    def _due_s(self, change: _Change) -> float:
        """Return when to look at a place again."""
        half_s = self._settle_s / 2
        if change.news is None:
            return change.at_s + half_s
        return max(change.at_s + self._settle_s, change.looked_s + half_s)
