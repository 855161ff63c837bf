"""The clips of a run: what can be heard, which genres are learned, who is on which side."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from genretag_train.config import TrainConfig
from genretag_train.data.dataset import SIDES, Clip, labelled, selected
from genretag_train.data.splits import sides_of
from genretag_train.features.extraction import FeatureSpec, Progress, Skipped, heard

LEAKS = "A split by clip lets artists and albums leak: its scores are too high."


@dataclass(frozen=True, eq=False)
class Study:
    """The clips of a run with their features and sides, and what was left out.

    `features`, files of what was heard, and `sides` go with `clips`; a side is None for a clip
    that a published split leaves out. `skipped` could not be heard,
    `dropped` are genres with too few clips.
    """

    clips: tuple[Clip, ...]
    features: tuple[Path, ...]
    sides: tuple[str | None, ...]
    skipped: tuple[Skipped, ...]
    dropped: dict[str, int]

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres to learn, in the order of the model's outputs."""
        return tuple(sorted({clip.genre for clip in self.clips}))

    def on(self, side: str) -> list[int]:
        """Indices of the clips of one side."""
        return [index for index, found in enumerate(self.sides) if found == side]

    def named(self, indices: Sequence[int]) -> list[int]:
        """The genres of some clips, as indices into `genres`."""
        places = {genre: place for place, genre in enumerate(self.genres)}
        return [places[self.clips[index].genre] for index in indices]


def gathered(
    data: Path, cache: Path, spec: FeatureSpec, config: TrainConfig, progress: Progress
) -> Study:
    """Listen to all clips of `data`, choose the genres and split; RunError `bad-dataset`."""
    fit, skipped = heard(labelled(data, config.label_column), spec, cache, progress)
    kept = {clip.path: file for clip, file in fit}
    found = divided([clip for clip, _ in fit], skipped, config)
    return replace(found, features=tuple(kept[clip.path] for clip in found.clips))


def divided(clips: Sequence[Clip], skipped: Sequence[Skipped], config: TrainConfig) -> Study:
    """Choose the genres and split clips that can be heard; the study has no features yet."""
    only = [name for name in map(str.strip, config.genres.split(",")) if name]
    kept, dropped = selected(clips, config.min_tracks, config.min_groups, only)
    sides = sides_of(kept, config.split, config.split_seed)
    return Study(tuple(kept), (), tuple(sides), tuple(skipped), dropped)


def told(study: Study, config: TrainConfig) -> dict[str, Any]:
    """Counts and lists for `metrics.json` and the card."""
    return {
        "split": config.split,
        "split_seed": config.split_seed,
        "warning": LEAKS if config.split == "stratified" else None,
        "clips": {side: len(study.on(side)) for side in SIDES},
        "groups": {side: len({study.clips[i].group for i in study.on(side)}) for side in SIDES},
        "genres": {
            genre: {side: _count(study, genre, side) for side in SIDES} for genre in study.genres
        },
        "dropped_genres": study.dropped,
        "groups_on_two_sides": _leaking(study),
        "moved_from_published_side": _moved(study) if config.split == "artist" else 0,
        "left_out_by_published_split": study.sides.count(None),
        "skipped": dict(Counter(clip.reason for clip in study.skipped)),
        "skipped_files": {clip.name: clip.reason for clip in study.skipped},
    }


def _count(study: Study, genre: str, side: str) -> int:
    return sum(study.clips[index].genre == genre for index in study.on(side))


def _leaking(study: Study) -> int:
    """Artists, or other groups, that are on more than one side."""
    pairs = {(clip.group, side) for clip, side in _placed(study)}
    return sum(sides > 1 for sides in Counter(group for group, _ in pairs).values())


def _moved(study: Study) -> int:
    """Clips not where a published list has them, as their artist is on two of its sides."""
    return sum(clip.published in SIDES and clip.published != side for clip, side in _placed(study))


def _placed(study: Study) -> list[tuple[Clip, str]]:
    pairs = zip(study.clips, study.sides, strict=True)
    return [(clip, side) for clip, side in pairs if side is not None]
