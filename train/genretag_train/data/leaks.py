"""Measures what a split gives away: test clips by artists that are learned from as well."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from genretag_train.data.dataset import SIDES, Clip
from genretag_train.data.splits import split_by_clip


@dataclass(frozen=True)
class Leak:
    """Groups on more than one side; test clips, and those whose group is on the train side too."""

    groups_on_two_sides: int
    test_clips: int
    test_clips_of_train_groups: int


def measure_leak(clips: Sequence[Clip], sides: Sequence[str | None]) -> Leak:
    """Count what a split of clips gives away; a clip whose side is None is on no side."""
    named: dict[str, set[str]] = defaultdict(set)
    for clip, side in zip(clips, sides, strict=True):
        if side is not None:
            named[clip.group].add(side)
    tested = [clip.group for clip, side in zip(clips, sides, strict=True) if side == "test"]
    return Leak(
        sum(len(own) > 1 for own in named.values()),
        len(tested),
        sum("train" in named[group] for group in tested),
    )


def measure_splits(
    clips: Sequence[Clip], sides: Sequence[str | None], seed: int
) -> dict[str, Leak]:
    """Measure the split into `sides`, one by clip, and that of the data's publisher.

    They are under `own`, `stratified` and `published`, which is left out where there is none.
    """
    splits = {"own": sides, "stratified": split_by_clip(clips, seed)}
    published = [clip.published if clip.published in SIDES else None for clip in clips]
    if any(published):
        splits["published"] = published
    return {name: measure_leak(clips, of_clips) for name, of_clips in splits.items()}


def count_moved_groups(clips: Sequence[Clip], sides: Sequence[str | None]) -> Counter[str]:
    """Count clips by group that are not where a published list has them, but on another side."""
    return Counter(
        clip.group
        for clip, side in zip(clips, sides, strict=True)
        if side is not None and clip.published in SIDES and clip.published != side
    )
