"""The clips of a run: which can be used, which genres are learned, which side each is on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from genretag_train.config import TrainConfig
from genretag_train.data.dataset import SIDES, Clip, read_clips, select_genres
from genretag_train.data.leaks import count_moved_groups, measure_splits
from genretag_train.data.splits import assign_sides
from genretag_train.features.extraction import Skipped
from genretag_train.features.store import FeatureStore
from genretag_train.progress import Progress

LEAKS = "A split by clip lets artists and albums leak: its scores are too high."
GIVEN_LEAKS = (
    "{} artists or other groups are on two sides of the split that the data gives: its scores are "
    "too high."
)


@dataclass(frozen=True, eq=False)
class Corpus:
    """The clips of a run with their features and sides, and what was left out.

    `features`, the files of the clips' mel power, and `sides` go with `clips`; a side is None
    for a clip that a published split leaves out. `skipped` could not be used, `dropped` are
    genres with too few clips.
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

    def members(self, side: str) -> list[Clip]:
        """Return the clips of one side."""
        return [self.clips[index] for index in self.indices(side)]

    def indices(self, side: str) -> list[int]:
        """Return the indices of the clips of one side."""
        return [index for index, own in enumerate(self.sides) if own == side]

    def labels(self, indices: Sequence[int]) -> list[int]:
        """Return the genres of some clips, as indices into `genres`."""
        numbers = {genre: number for number, genre in enumerate(self.genres)}
        return [numbers[self.clips[index].genre] for index in indices]


def build_corpus(
    data: Path, store: FeatureStore, config: TrainConfig, progress: Progress
) -> Corpus:
    """Compute the mel power of all clips of `data`, choose the genres, split.

    Raises:
        UsageError: there is no such data, or no such genre in it.
        RunError: `bad-dataset`, `disk-full`, `output-failed`.
    """
    usable, skipped = store.add_power(read_clips(data, config.label_column), progress)
    files = {clip.path: file for clip, file in usable}
    corpus = split_corpus([clip for clip, _ in usable], skipped, config)
    return replace(corpus, features=tuple(files[clip.path] for clip in corpus.clips))


def split_corpus(clips: Sequence[Clip], skipped: Sequence[Skipped], config: TrainConfig) -> Corpus:
    """Choose the genres of usable clips and split these; the corpus has no features yet."""
    only = [name for name in map(str.strip, config.genres.split(",")) if name]
    kept, dropped = select_genres(clips, config.min_tracks, config.min_groups, only)
    sides = assign_sides(kept, config.split, config.split_seed)
    return Corpus(tuple(kept), (), tuple(sides), tuple(skipped), dropped)


def summarise(corpus: Corpus, config: TrainConfig) -> dict[str, Any]:
    """Return counts and lists for `metrics.json` and the card."""
    members = {side: corpus.members(side) for side in SIDES}
    genres = {side: Counter(clip.genre for clip in clips) for side, clips in members.items()}
    leaks = measure_splits(corpus.clips, corpus.sides, config.split_seed)
    by_artist = config.split == "artist"
    moved = count_moved_groups(corpus.clips, corpus.sides) if by_artist else Counter[str]()
    on_two_sides = leaks["own"].groups_on_two_sides
    return {
        "split": config.split,
        "split_seed": config.split_seed,
        "warning": _warn(config, on_two_sides),
        "clips": {side: len(clips) for side, clips in members.items()},
        "groups": {side: len({clip.group for clip in clips}) for side, clips in members.items()},
        "clips_without_group": sum(clip.group == clip.name for clip in chain(*members.values())),
        "genres": {genre: {side: genres[side][genre] for side in SIDES} for genre in corpus.genres},
        "dropped_genres": corpus.dropped,
        "leaks": {name: asdict(leak) for name, leak in leaks.items()},
        "groups_on_two_sides": on_two_sides,
        "moved_from_published_side": moved.total(),
        "groups_moved_from_published_side": len(moved),
        "left_out_by_published_split": corpus.sides.count(None),
        "skipped": dict(Counter(clip.reason for clip in corpus.skipped)),
        "skipped_files": {clip.name: clip.reason for clip in corpus.skipped},
    }


def _warn(config: TrainConfig, on_two_sides: int) -> str | None:
    """Return what must be said of a split that leaks."""
    if config.split == "stratified":
        return LEAKS
    return GIVEN_LEAKS.format(on_two_sides) if on_two_sides else None
