"""A library as genres are learned from it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genretag.domain.track import Track
from genretag.learning.genre_choice import GenreChoice
from genretag.learning.judgement import Judgement
from genretag.learning.own_genres import LabelledTracks, LearnedHead


@dataclass(frozen=True, eq=False)
class TaggedLibrary:
    """The files to which persons gave genres, and how many others there are.

    Attributes:
        tracks: what their tags say.
        genres: theirs, without placeholders.
        best: the base model's best genre for each.
        embeddings: [n_tracks, width], the means of their windows.
        counts: of other files: `untagged`, `own` with the genres that genretag wrote, `silent`,
            `skipped` and `failed`.
    """

    tracks: tuple[Track, ...]
    genres: tuple[tuple[str, ...], ...]
    best: tuple[str, ...]
    embeddings: NDArray[np.float16]
    counts: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class LearnedGenres:
    """A head that was learned from a library, and its judgement.

    Attributes:
        choice: the genres, and those that were left out.
        tracks: what the head was fitted to.
        learned: the head.
        judgement: what it is worth.
        contradictory: how many albums have tracks of different genres.
    """

    choice: GenreChoice
    tracks: LabelledTracks
    learned: LearnedHead
    judgement: Judgement
    contradictory: int
