"""Who learns from what: the sides of a split, by artist or by clip."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from genretag_train.data.dataset import SIDES, Clip, bad_dataset

SHARES = (0.8, 0.1, 0.1)
"""Of the clips on the sides `train`, `valid` and `test`, where the data does not say."""

Sides = list[str | None]
"""The side of each clip, None for a clip that is left out."""


def assign_sides(clips: Sequence[Clip], rule: str, seed: int) -> Sides:
    """The side of each clip by a row of `SPLITS`; RunError `bad-dataset` if a side is empty."""
    sides = SPLITS[rule](clips, seed)
    for side in SIDES:
        if side not in sides:
            raise bad_dataset(f"no clip is on the {side} side of the split")
    return sides


def split_by_artist(clips: Sequence[Clip], seed: int) -> Sides:
    """No group on two sides, each genre as near to 80/10/10 as its groups allow.

    Sides in the data's `split` column win, then published lists, which also leave clips
    out; a group that a list puts on several sides goes where it puts most of it, and the
    other members of a group follow it. The remaining groups, largest first, go where they
    are missed most.
    """
    listed = _listed(clips)
    sides: Sides = [clip.split or listed.get(clip.group) for clip in clips]
    followed = {clip.group: side for clip, side in zip(clips, sides, strict=True) if side}
    sides = [side or followed.get(clip.group) for clip, side in zip(clips, sides, strict=True)]
    free = [index for index, side in enumerate(sides) if side is None]
    for index, side in zip(free, _filled([clips[i] for i in free], seed), strict=True):
        sides[index] = side
    return [side if side in SIDES else None for side in sides]


def split_by_clip(clips: Sequence[Clip], seed: int) -> Sides:
    """80/10/10 of each genre by clip, whoever it is by: artists and albums leak.

    Sides in the data's `split` column win.
    """
    sides: Sides = [clip.split for clip in clips]
    rng = np.random.default_rng(seed)
    for members in _members(clips, (clip.genre for clip in clips)).values():
        free = [index for index in members if sides[index] is None]
        bounds = np.rint(np.cumsum(SHARES) * len(free)).astype(int)
        for place, member in enumerate(rng.permutation(len(free))):
            sides[free[member]] = SIDES[int(np.searchsorted(bounds, place, side="right"))]
    return sides


SPLITS: Mapping[str, Callable[[Sequence[Clip], int], Sides]] = {
    "artist": split_by_artist,
    "stratified": split_by_clip,
}


def _listed(clips: Sequence[Clip]) -> dict[str, str]:
    """The side of each group that a published list names: where it puts most of its clips."""
    named: dict[str, Counter[str]] = defaultdict(Counter)
    for clip in clips:
        if clip.published:
            named[clip.group][clip.published] += 1
    return {group: sides.most_common(1)[0][0] for group, sides in named.items()}


def _filled(clips: Sequence[Clip], seed: int) -> list[str]:
    """A side for each clip, group by group."""
    genres = sorted({clip.genre for clip in clips})
    counts = {
        group: _counts([clips[index].genre for index in members], genres)
        for group, members in _members(clips, (clip.group for clip in clips)).items()
    }
    groups = sorted(counts)
    np.random.default_rng(seed).shuffle(groups)
    groups.sort(key=lambda group: -counts[group].sum())
    totals = _counts([clip.genre for clip in clips], genres)
    missing = np.outer(SHARES, totals)
    chosen = {}
    for group in groups:
        # The squared distance from the wanted counts, relative to each genre's size,
        # falls most on the side where the group is missed most.
        gain = ((missing**2 - (missing - counts[group]) ** 2) / totals**2).sum(axis=1)
        side = int(gain.argmax())
        missing[side] -= counts[group]
        chosen[group] = SIDES[side]
    return [chosen[clip.group] for clip in clips]


def _members(clips: Sequence[Clip], keys: Iterable[str]) -> dict[str, list[int]]:
    members = defaultdict(list)
    for index, key in zip(range(len(clips)), keys, strict=True):
        members[key].append(index)
    return members


def _counts(found: Sequence[str], genres: Sequence[str]) -> NDArray[np.float64]:
    return np.array([found.count(genre) for genre in genres], dtype=np.float64)
