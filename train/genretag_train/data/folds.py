"""Folds for cross-validation."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from genretag.learning.folds import N_FOLDS, fold_groups
from genretag_train.data import gtzan
from genretag_train.data.dataset import SIDES, Clip

_PARTS = 3
_BLOCK = 10

Folds = list[int | None]
"""The fold of each clip; None for one of which nobody knows whose artists it shares."""


def make_group_folds(clips: Sequence[Clip]) -> Folds:
    """Make five folds with no group in two; GTZAN by its artist-filtered lists.

    The train list is parted in blocks of ten numbers, as neighbours are often by one artist.
    Clips that the lists leave out are in no fold.
    """
    kept = [index for index, clip in enumerate(clips) if clip.published in (None, *SIDES)]
    units = [_get_unit(clips[index]) for index in kept]
    folds: Folds = [None] * len(clips)
    counts = Counter(clips[index].genre for index in kept)
    # Genres too rare to be in every fold are spread as one.
    genres = [clips[index].genre if counts[clips[index].genre] >= N_FOLDS else "" for index in kept]
    _, labels = np.unique(genres, return_inverse=True)
    for index, fold in zip(kept, fold_groups(labels, units).tolist(), strict=True):
        folds[index] = fold
    return folds


def make_source_folds(clips: Sequence[Clip]) -> Folds:
    """Make a fold of each source, so that no clip is scored by a head that knows its source.

    GTZAN and sources without a name stay as `make_group_folds` has them, as does a source that is
    no more than a heap of others': its groups are its sources.
    """
    grouped = make_group_folds(clips)
    sources = sorted({clip.source for clip in clips if _is_source(clip)})
    return [
        N_FOLDS + sources.index(clip.source) if _is_source(clip) else fold
        for clip, fold in zip(clips, grouped, strict=True)
    ]


FOLDS: Mapping[str, Callable[[Sequence[Clip]], Folds]] = {
    "groups": make_group_folds,
    "sources": make_source_folds,
}


def _is_source(clip: Clip) -> bool:
    return bool(clip.source) and not clip.published and not clip.group.startswith(clip.source + "/")


def _get_unit(clip: Clip) -> str:
    """Return what must not be parted."""
    track = gtzan.parse_track(clip.group) if clip.published else None
    if not track:
        return clip.group
    part = track[1] // _BLOCK % _PARTS if clip.published == "train" else ""
    return f"gtzan {clip.published} {part}"
