"""Learns a person's own genres from the part of a library that they tagged."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genretag.audio.mel import features
from genretag.domain.analysis import Analysis
from genretag.domain.embedding_statistics import EmbeddingStatistics
from genretag.domain.genre import Names, player_safe
from genretag.domain.genre_map import IDENTITY_MAP, GenreMap
from genretag.domain.grouping import Group, artist_key, folder_key, group_by_album
from genretag.domain.metrics import Labels
from genretag.domain.outcome import Failed, Skipped
from genretag.domain.placeholder import drop_placeholders
from genretag.domain.taxonomy import Taxonomy
from genretag.domain.track import Track
from genretag.errors import Code, RunError
from genretag.inference.session import Model
from genretag.learning.genre_choice import GenreChoice, choose_genres
from genretag.learning.judgement import UNCOMPARED, judge
from genretag.learning.library import LearnedGenres, TaggedLibrary
from genretag.learning.logistic_regression import Samples
from genretag.learning.out_of_fold import UNKNOWN, CalibrationTarget
from genretag.learning.own_genres import LabelledTracks, LearnedHead, Recipe, learn
from genretag.learning.synthetic_negatives import generate_sounds
from genretag.learning.units import MAX_TRACKS, MIN_TRACKS
from genretag.pipeline.survey import find_given

MOST_GENRES = 200
"""More would take long, and no table of them would be read."""

MIN_ACCEPTED = 20
"""Tracks that must reach a threshold before it is believed."""

SIMULATED = 0.25
"""Simulated tracks of other genres, in parts of those that are learned from."""

PRESENT = 0.1
"""A genre that the base model finds in so many tracks of a learned one may be that."""


@dataclass(frozen=True)
class LearningSettings:
    """Limits of the genres that are learned, and settings of the fit.

    Attributes:
        taxonomy: knows which names are one genre, and which genre is broader than another.
        min_tracks: how many tracks a genre must have.
        min_artists: by how many artists.
        precision: how many of the genres that are written should be right, in [0, 1].
        recipe: how heads are fitted.
        genre_map: a person's map; what it changes is learned under another name.
        statistics: of the base model's embeddings, to simulate music that the library lacks.
    """

    taxonomy: Taxonomy
    min_tracks: int = 10
    min_artists: int = 3
    precision: float = 0.85
    recipe: Recipe = field(default_factory=Recipe)
    genre_map: GenreMap = IDENTITY_MAP
    statistics: EmbeddingStatistics | None = None


def collect_tagged(
    analyses: Iterable[Analysis],
    written: Mapping[Path, Names],
    placeholders: frozenset[str],
) -> TaggedLibrary:
    """Collect the files with genres that persons gave them.

    Args:
        analyses: of files with a genre, scored by the base model.
        written: what genretag itself wrote into files, by their real paths.
        placeholders: folded names that tell no genre.
    """
    counts: Counter[str] = Counter()
    kept: list[tuple[Track, Names, str, NDArray[np.float16]]] = []
    for analysis in analyses:
        track, prediction = analysis.track, analysis.prediction
        has = drop_placeholders(track.genres, placeholders) if track else ()
        genres = find_given(analysis.path, has, written)
        if isinstance(analysis.outcome, Failed):
            counts["failed"] += 1
        elif isinstance(analysis.outcome, Skipped):
            counts["skipped"] += 1
        elif not track or not has:
            counts["untagged"] += 1
        elif not genres:
            counts["own"] += 1
        elif not prediction or not prediction.genres:
            counts["silent"] += 1
        elif not np.isfinite(prediction.embedding).all():
            counts["failed"] += 1
        else:
            kept.append((track, genres, prediction.genres[0].name, prediction.embedding))
    if not kept:
        return TaggedLibrary((), (), (), np.zeros((0, 0), np.float16), counts)
    tracks, names, best, embeddings = zip(*kept, strict=True)
    return TaggedLibrary(tracks, names, best, np.stack(embeddings), counts)


def learn_library(
    library: TaggedLibrary,
    model: Model,
    settings: LearningSettings,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> LearnedGenres:
    """Fit a head to the genres of a library on the embeddings of `model`, and judge it.

    Raises:
        RunError: `not-learnable`, there are too few tagged tracks, genres or artists.
    """
    artists = _tell_artists(library)
    choice = choose_genres(
        library.genres,
        artists,
        settings.taxonomy,
        settings.min_tracks,
        settings.min_artists,
        lambda name: not settings.genre_map.changes(name),
    )
    _check_choice(library, choice, settings)
    albums = group_by_album(library.tracks)
    simulated = _simulate_absent(library, choice, settings)
    tracks = LabelledTracks(
        choice.genres,
        _find_parents(choice, settings.taxonomy),
        np.concatenate([library.embeddings, simulated]),
        np.concatenate([choice.shares, np.zeros((len(simulated), len(choice.genres)))]),
        np.array([*artists, *(f"\0{n}" for n in range(len(simulated)))]),
        np.arange(len(artists) + len(simulated)) < len(artists),
        tuple(_list_units(albums)),
        embed_sounds(model),
    )
    target = CalibrationTarget(
        settings.precision, MIN_ACCEPTED, "logits", otherwise=model.manifest.threshold
    )
    learned = learn(tracks, settings.recipe, target, model.manifest.pooling, progress)
    labels = _label_by_base(library, learned, tracks, model, settings.taxonomy)
    return LearnedGenres(
        choice,
        tracks,
        learned,
        judge(learned, tracks, labels, model.identity),
        _count_contradictory(albums, tracks),
    )


def _simulate_absent(
    library: TaggedLibrary, choice: GenreChoice, settings: LearningSettings
) -> NDArray[np.float16]:
    """Simulate tracks of genres that are none of those that are learned, [n_tracks, width].

    A genre of the statistics is one of those if the taxonomy has them in one line, or if the base
    model finds it in a tenth of the tracks of one.
    """
    statistics, width = settings.statistics, library.embeddings.shape[1]
    if statistics is None or len(statistics.deviation) != width:
        return np.zeros((0, width), np.float16)
    found = (choice.shares > 0).astype(np.float64)
    absent = [
        genre
        for genre in statistics.genres
        if not any(settings.taxonomy.is_related(genre, own) for own in choice.genres)
        and np.max(_share_of_best(library, genre, found)) < PRESENT
    ]
    known = int(choice.shares.any(axis=1).sum())
    tracks = math.ceil(SIMULATED * known / max(len(absent), 1))
    return statistics.simulate(absent, tracks).astype(np.float16)


def _share_of_best(
    library: TaggedLibrary, genre: str, found: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return for how many of each learned genre's tracks the base model's best is `genre`."""
    is_best = np.array([best == genre for best in library.best], np.float64)
    shares: NDArray[np.float64] = is_best @ found / found.sum(axis=0)
    return shares


def embed_sounds(model: Model) -> Samples:
    """Return the embeddings [n_sounds, width] of synthetic sounds without any genre."""
    front_end = model.manifest.front_end
    sounds = generate_sounds(model.manifest.n_samples, front_end.rate_hz, seed=0)
    mels = np.stack([features(sound, front_end) for sound in sounds])
    return model.predict_with_embeddings(mels)[1].astype(np.float64)


def _tell_artists(library: TaggedLibrary) -> list[str]:
    """Return what tells artists apart: of a track without one, its folder.

    Copies of one sound are by one artist, whatever their tags say.
    """
    first: dict[bytes, str] = {}
    return [
        first.setdefault(embedding.tobytes(), artist_key(track) or str(folder_key(track.path)))
        for track, embedding in zip(library.tracks, library.embeddings, strict=True)
    ]


def _check_choice(library: TaggedLibrary, choice: GenreChoice, settings: LearningSettings) -> None:
    found = len(library.tracks)
    if not found:
        raise _not_learnable(
            "no file has a genre that a person gave it",
            "Tag some files by hand first; genres that genretag wrote itself do not count.",
        )
    enough = f"{settings.min_tracks} tracks by {settings.min_artists} artists"
    if len(choice.genres) < 2:
        only = f" but {choice.genres[0]}" if choice.genres else ""
        largest = max(choice.left_out, key=lambda one: one.tracks, default=None)
        most = f"; {largest.name} has {largest.tracks} by {largest.artists}" if largest else ""
        raise _not_learnable(
            f"of {found} tagged files no genre{only} has {enough}{most}",
            "Tag more files, or ask for less with --min-tracks and --min-artists.",
        )
    if len(choice.genres) > MOST_GENRES:
        raise _not_learnable(
            f"{len(choice.genres)} genres have {enough}, and {MOST_GENRES} can be learned",
            "Ask for more with --min-tracks, so that rare genres count as broader ones.",
        )


def _not_learnable(reason: str, hint: str) -> RunError:
    return RunError(Code.NOT_LEARNABLE, f"Nothing was learned: {reason}", hint)


def _find_parents(choice: GenreChoice, taxonomy: Taxonomy) -> Mapping[str, str]:
    """Return for genres the nearest broader genre whose name the library has.

    Other families are no words of this library, and are not written.
    """
    names = [*choice.genres, *(one.name for one in choice.left_out)]
    spelled = {taxonomy.identify(name): name for name in reversed(names)}
    parents = {}
    for genre in choice.genres:
        broader = (spelled.get(one, "") for one in taxonomy.ancestors(genre))
        parent = next((name for name in broader if name and player_safe(name) == name), None)
        if parent:
            parents[genre] = parent
    return parents


def _list_units(albums: Iterable[Group]) -> Iterable[NDArray[np.int64]]:
    return (
        np.array(album.members)
        for album in albums
        if MIN_TRACKS <= len(album.members) <= MAX_TRACKS
    )


def _count_contradictory(albums: Iterable[Group], tracks: LabelledTracks) -> int:
    shares = tracks.shares
    return sum(
        not np.all(shares[list(album.members)] == shares[album.members[0]]) for album in albums
    )


def _label_by_base(
    library: TaggedLibrary,
    learned: LearnedHead,
    tracks: LabelledTracks,
    model: Model,
    taxonomy: Taxonomy,
) -> Labels:
    """Return the base model's best genres [n_tracks] as genres that were learned.

    UNKNOWN where the best one is none of them, UNCOMPARED where the base model does not know the
    genre of the track.
    """
    columns = {taxonomy.identify(name): column for column, name in enumerate(tracks.genres)}
    known = {name: columns.get(taxonomy.identify(name)) for name in model.manifest.genres.names}
    both = {column for column in known.values() if column is not None}
    truth = learned.by_fold.scored.truth.tolist()
    labels = np.full(len(tracks), UNCOMPARED)
    for position, best in enumerate(library.best):
        if truth[position] in both:
            column = known[best]
            labels[position] = UNKNOWN if column is None else column
    return labels
