"""Splits into a train, a valid and a test side, by artist or by clip."""

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
    """Return the side of each clip by a row of `SPLITS`; RunError `bad-dataset` if one is empty."""
    sides = SPLITS[rule](clips, seed)
    for side in SIDES:
        if side not in sides:
            raise bad_dataset(f"no clip is on the {side} side of the split")
    return sides


def split_by_artist(clips: Sequence[Clip], seed: int) -> Sides:
    """Put no group on two sides, and each genre as near to 80/10/10 as its groups allow.

    Sides in the data's `split` column win, then published lists, which also leave clips
    out; a group that a list puts on several sides goes where it puts most of it, and the
    other members of a group follow it. The remaining groups, largest first, go where they
    are missed most.
    """
    listed = _find_listed_sides(clips)
    sides: Sides = [clip.split or listed.get(clip.group) for clip in clips]
    followed = {clip.group: side for clip, side in zip(clips, sides, strict=True) if side}
    sides = [side or followed.get(clip.group) for clip, side in zip(clips, sides, strict=True)]
    free = [index for index, side in enumerate(sides) if side is None]
    for index, side in zip(free, _fill_sides([clips[i] for i in free], seed), strict=True):
        sides[index] = side
    return [side if side in SIDES else None for side in sides]


def split_by_clip(clips: Sequence[Clip], seed: int) -> Sides:
    """Split each genre 80/10/10 by clip, whoever it is by: artists and albums leak.

    Sides in the data's `split` column win.
    """
    sides: Sides = [clip.split for clip in clips]
    rng = np.random.default_rng(seed)
    for members in _group_indices(clips, (clip.genre for clip in clips)).values():
        free = [index for index in members if sides[index] is None]
        bounds = np.rint(np.cumsum(SHARES) * len(free)).astype(int)
        for rank, member in enumerate(rng.permutation(len(free))):
            sides[free[member]] = SIDES[int(np.searchsorted(bounds, rank, side="right"))]
    return sides


SPLITS: Mapping[str, Callable[[Sequence[Clip], int], Sides]] = {
    "artist": split_by_artist,
    "stratified": split_by_clip,
}


def _find_listed_sides(clips: Sequence[Clip]) -> dict[str, str]:
    """Return the side of each group that a published list names: that of most of its clips."""
    named: dict[str, Counter[str]] = defaultdict(Counter)
    for clip in clips:
        if clip.published:
            named[clip.group][clip.published] += 1
    return {group: sides.most_common(1)[0][0] for group, sides in named.items()}


def _fill_sides(clips: Sequence[Clip], seed: int) -> list[str]:
    """Choose a side for each clip, group by group."""
    genres = sorted({clip.genre for clip in clips})
    counts = {
        group: _count_genres([clips[index].genre for index in members], genres)
        for group, members in _group_indices(clips, (clip.group for clip in clips)).items()
    }
    groups = sorted(counts)
    np.random.default_rng(seed).shuffle(groups)
    groups.sort(key=lambda group: -counts[group].sum())
    totals = _count_genres([clip.genre for clip in clips], genres)
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


def _group_indices(clips: Sequence[Clip], keys: Iterable[str]) -> dict[str, list[int]]:
    members = defaultdict(list)
    for index, key in zip(range(len(clips)), keys, strict=True):
        members[key].append(index)
    return members


def _count_genres(names: Sequence[str], genres: Sequence[str]) -> NDArray[np.float64]:
    return np.array([names.count(genre) for genre in genres], dtype=np.float64)
