"""Chooses the genres that a library has enough tracks of to learn them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from genretag.domain.name_check import find_junk, may_be_genre, split_name
from genretag.domain.naming import Spellings, is_plain, pick_spellings
from genretag.domain.taxonomy import Taxonomy
from genretag.learning.logistic_regression import Shares


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A genre that has too few tracks or artists.

    Attributes:
        name: as the library spells it.
        tracks: how many have it.
        artists: by how many artists these are.
        counts_as: the broader genre that its tracks are learned as; None for none.
    """

    name: str
    tracks: int
    artists: int
    counts_as: str | None


@dataclass(frozen=True, eq=False)
class GenreChoice:
    """The genres to learn from some tracks.

    Attributes:
        genres: their names, as the library spells them, in alphabetical order.
        shares: [n_tracks, n_genres], how much each track is of each; a row of zeros is of none.
        left_out: the others, those with the most tracks first.
    """

    genres: tuple[str, ...]
    shares: Shares
    left_out: tuple[LeftOut, ...]


def choose_genres(
    tracks: Sequence[Iterable[str]],
    artists: Sequence[str],
    taxonomy: Taxonomy,
    min_tracks: int,
    min_artists: int,
    is_spelling: Callable[[str], bool] = lambda name: True,
) -> GenreChoice:
    """Choose all genres of at least `min_tracks` tracks by at least `min_artists` artists.

    A genre with less counts as its first parent, which may then have enough. Of a genre and a
    broader one in the same track, only the narrow one counts; the others have equal shares.

    Args:
        tracks: the genres of each, as persons wrote them.
        artists: by whom each is, or anything else that tells artists apart.
        taxonomy: knows which names are one genre, and which genre is broader than another.
        min_tracks: at least 1.
        min_artists: at least 1.
        is_spelling: tells which names may be that of what is learned.
    """
    spelled = _find_spellings(tracks, taxonomy, is_spelling)
    named = [_drop_broader(_identify_all(names, taxonomy), taxonomy) for names in tracks]
    members: defaultdict[str, set[int]] = defaultdict(set)
    for position, genres in enumerate(named):
        for genre in genres:
            members[genre].add(position)
    own = {genre: (len(those), _count(those, artists)) for genre, those in members.items()}

    def is_enough(genre: str) -> bool:
        those = members[genre]
        return len(those) >= min_tracks and _count(those, artists) >= min_artists

    counts_as: dict[str, str] = {}
    for genre in _list_narrow_first(members, taxonomy):
        parents = taxonomy.parents(genre)
        if genre in members and parents and not is_enough(genre):
            counts_as[genre] = parents[0]
            members[parents[0]] |= members.pop(genre)
    chosen = {genre for genre in members if is_enough(genre)}

    def resolve(genre: str) -> str | None:
        while genre in counts_as:
            genre = counts_as[genre]
        return genre if genre in chosen else None

    learned = [_drop_broader(filter(None, map(resolve, genres)), taxonomy) for genres in named]
    order = sorted(chosen, key=lambda genre: spelled.get(genre, genre).casefold())
    names = {genre: spelled.get(genre, genre) for genre in {*own, *order}}
    return GenreChoice(
        tuple(names[genre] for genre in order),
        _share(learned, order),
        tuple(
            LeftOut(names[genre], *own[genre], names.get(resolve(genre) or ""))
            for genre in sorted(own, key=lambda genre: (-own[genre][0], names[genre]))
            if genre not in chosen
        ),
    )


def split_names(names: Iterable[str], taxonomy: Taxonomy) -> list[str]:
    """Split texts that hold several genres, unless the taxonomy knows them as one.

    Web addresses, years, numbers and the like are no genres, nor are texts that no line can hold.

    >>> split_names(["Rock; Pop", "Jazz", "1994"], Taxonomy([]))
    ['Rock', 'Pop', 'Jazz']
    """
    parts: list[str] = []
    for name in names:
        if taxonomy.find(name):
            parts.append(name)
        elif not find_junk(name):
            parts += filter(may_be_genre, split_name(name))
    return parts


def _identify_all(names: Iterable[str], taxonomy: Taxonomy) -> list[str]:
    return [taxonomy.identify(name) for name in split_names(names, taxonomy)]


def _find_spellings(
    tracks: Iterable[Iterable[str]], taxonomy: Taxonomy, is_spelling: Callable[[str], bool]
) -> Spellings:
    """Return the most frequent plain spelling of each genre, and any of one nobody else knows."""
    counts = Counter(name for names in tracks for name in split_names(names, taxonomy))
    return pick_spellings(
        {
            name: count
            for name, count in counts.items()
            if is_spelling(name) and (is_plain(name) or taxonomy.find(name) is None)
        },
        taxonomy,
    )


def _drop_broader(genres: Iterable[str], taxonomy: Taxonomy) -> list[str]:
    """Return each genre once, without those that are broader than another of them."""
    distinct = list(dict.fromkeys(genres))
    broader = {ancestor for genre in distinct for ancestor in taxonomy.ancestors(genre)}
    return [genre for genre in distinct if genre not in broader]


def _list_narrow_first(genres: Iterable[str], taxonomy: Taxonomy) -> list[str]:
    """Return genres and all their ancestors; each comes before those that are broader."""
    everything = {one for genre in genres for one in (genre, *taxonomy.ancestors(genre))}
    depths: dict[str, int] = {}

    def measure(genre: str) -> int:
        if genre not in depths:
            depths[genre] = 1 + max(map(measure, taxonomy.parents(genre)), default=0)
        return depths[genre]

    return sorted(everything, key=lambda genre: (-measure(genre), genre))


def _count(members: Iterable[int], artists: Sequence[str]) -> int:
    return len({artists[member] for member in members})


def _share(tracks: Sequence[Sequence[str]], genres: Sequence[str]) -> Shares:
    columns = {genre: column for column, genre in enumerate(genres)}
    shares = np.zeros((len(tracks), len(genres)))
    for row, own in zip(shares, tracks, strict=True):
        for genre in own:
            row[columns[genre]] = 1 / len(own)
    return shares
