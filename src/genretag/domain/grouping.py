"""Tells by their tags and folders which tracks belong together."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from genretag.domain.genre import fold_name
from genretag.domain.track import Track
from genretag.domain.unit import UnitKind

_DISC = re.compile(
    r"[\s\-,:_]*(?:[(\[]\s*)?\b(?:cd|disc|disk|disque|dvd)[\s._#-]*\d{1,3}\b[^)\]]*[)\]]?$"
)
_FEATURING = re.compile(r"\s*[\s(\[](?:feat|ft|featuring)\b\W*\w.*$")
_VARIOUS = frozenset({
    "various", "variousartists", "variousartist", "va", "varios", "variosartistas",
    "artistasvarios", "verschiedene", "verschiedeneinterpreten", "diverse", "artistesdivers",
    "artistivari",
})  # fmt: skip
_UNKNOWN = frozenset({"unknown", "unknownartist"})
_OF_ONE_ARTIST = 0.75
"""An album without an album artist is one artist's if so many of its tracks are."""


@dataclass(frozen=True)
class Group:
    """Tracks that belong together, by their positions.

    Attributes:
        kind: what they have in common.
        name: for people.
        members: positions of its tracks, rising.
        is_tagged: whether tags say that they belong together, not a folder alone.
        is_release: whether they are an album by their tags: all of them get a genre, or none.
    """

    kind: UnitKind
    name: str
    members: tuple[int, ...]
    is_tagged: bool = True
    is_release: bool = False

    def at(self, positions: Sequence[int]) -> "Group":
        """Return the group of the same tracks where they stand at other `positions`."""
        return replace(self, members=tuple(positions[member] for member in self.members))


def group_by_track(tracks: Sequence[Track]) -> list[Group]:
    """Return a group for each track."""
    return [Group("track", track.path.name, (n,)) for n, track in enumerate(tracks)]


def group_by_artist(tracks: Sequence[Track]) -> list[Group]:
    """Return a group for each artist, and one for each track without an artist."""
    return _by_artist(tracks, range(len(tracks)))


def group_by_album(tracks: Sequence[Track]) -> list[Group]:
    """Return the albums among tracks of folders beside each other.

    An album is what the tags say. Without such tags it is a folder, unless its tracks name
    several artists. The tracks of compilations, singles and what else is left belong together
    if they have the same artist in the same album or folder.
    """
    homes: defaultdict[str | Path, list[int]] = defaultdict(list)
    for position, key in enumerate(album_keys(tracks)):
        homes[key or folder_key(tracks[position].path)].append(position)
    groups: list[Group] = []
    single: defaultdict[Path, list[int]] = defaultdict(list)
    for members in homes.values():
        if len(members) == 1:
            single[tracks[members[0]].path.parent] += members
        else:
            groups += _split(tracks, members)
    for members in single.values():
        groups += _by_artist(tracks, sorted(members))
    return groups


def _split(tracks: Sequence[Track], members: list[int]) -> list[Group]:
    """Return the group of an album or a folder, or those of the artists in it."""
    own = [tracks[member] for member in members]
    artists = Counter(filter(None, map(artist_key, own)))
    is_release = any(track.album or track.album_id for track in own)
    if is_release and not _is_compilation(own, artists):
        return [Group("album", _album_name(own), tuple(members), is_release=True)]
    if not is_release and (not artists or (len(artists) == 1 and artists.total() < len(own))):
        name = folder_key(own[0].path).name
        return [Group("album", name, tuple(members), is_tagged=False)]
    return _by_artist(tracks, members)


def _is_compilation(tracks: Sequence[Track], artists: Counter[str]) -> bool:
    """Return whether the tracks of an album are of artists who have little in common."""
    if len(artists) == 1:
        return False
    if any(track.is_compilation or is_various(track.album_artist) for track in tracks):
        return True
    if not artists:
        return any(is_various(track.artist) for track in tracks)
    has_artist = any(_fold_person(track.album_artist) for track in tracks)
    return not has_artist and max(artists.values()) < _OF_ONE_ARTIST * artists.total()


def is_various(artist: str) -> bool:
    """Return whether the name of an artist stands for many.

    >>> is_various("Various Artists"), is_various("VA"), is_various("Vangelis")
    (True, True, False)
    """
    return fold_name(artist) in _VARIOUS


def _by_artist(tracks: Sequence[Track], members: Iterable[int]) -> list[Group]:
    artists: defaultdict[Hashable, list[int]] = defaultdict(list)
    for member in members:
        artists[artist_key(tracks[member]) or member].append(member)
    return [
        Group("artist" if len(own) > 1 else "track", _artist_name(tracks[own[0]]), tuple(own))
        for own in artists.values()
    ]


def album_keys(tracks: Sequence[Track]) -> list[str]:
    """Return what tells albums from each other, for each track; empty for one without an album.

    An identity from MusicBrainz goes before names. Tracks that lack it, or the artist of the
    album, or the album altogether, are of the only album that they can be of.
    """
    names = _album_names(tracks)
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for track, name in zip(tracks, names, strict=True):
        if track.album_id:
            ids[name].add(track.album_id)
    keys = [
        track.album_id or (name and _only(ids[name])) or name
        for track, name in zip(tracks, names, strict=True)
    ]
    in_folder: defaultdict[Path, set[str]] = defaultdict(set)
    for track, key in zip(tracks, keys, strict=True):
        if key:
            in_folder[track.path.parent].add(key)
    return [
        key or _only(in_folder[track.path.parent]) for track, key in zip(tracks, keys, strict=True)
    ]


def _album_names(tracks: Sequence[Track]) -> list[str]:
    """Return folded album and album artist of each track; empty for one without an album.

    Where no track names the artist of an album, its only artist in that folder stands for him:
    two bands may have albums of one name.
    """
    albums = [_fold_album(track.album) for track in tracks]
    owners: defaultdict[str, set[str]] = defaultdict(set)
    artists: defaultdict[tuple[Path, str], set[str]] = defaultdict(set)
    for track, album in zip(tracks, albums, strict=True):
        if track.album_artist:
            owners[album].add(fold_artist(track.album_artist))
        artists[track.path.parent, album].add(fold_artist(track.artist))

    def owner(track: Track, album: str) -> str:
        only = _only(owners[album]) or _only(artists[track.path.parent, album])
        return fold_artist(track.album_artist) or only

    return [
        f"{album}\0{owner(track, album)}" if album else ""
        for track, album in zip(tracks, albums, strict=True)
    ]


@lru_cache(4096)
def _fold_album(name: str) -> str:
    """Remove case, punctuation and the number of a disc from the name of an album."""
    return fold_name(_DISC.sub("", name.casefold()).strip())


def _only(values: set[str]) -> str:
    return next(iter(values)) if len(values) == 1 else ""


def folder_key(path: Path) -> Path:
    """Return the folder of a file; for one with a disc of an album, the folder around that.

    >>> folder_key(Path("/music/Album/CD 2/01.mp3")).name
    'Album'
    """
    folder = path.parent
    name = _DISC.sub("", folder.name.casefold())
    return folder if name else folder.parent


def album_place(folder: Path) -> Path:
    """Return what the folders of an album on several discs have in common; no name of a folder.

    >>> {str(album_place(Path("/music") / name)) for name in ("LP", "LP/CD 2", "LP (CD 2)")}
    {'/music/lp'}
    """
    name = _DISC.sub("", folder.name.casefold())
    if name or folder == folder.parent:
        return folder.parent / name
    return album_place(folder.parent)


@lru_cache(4096)  # most names are those of the file before
def fold_artist(name: str) -> str:
    """Remove case, accents, punctuation and guests from the name of an artist.

    >>> fold_artist("Beyoncé feat. JAY-Z") == fold_artist("BEYONCE")
    True
    """
    without = _FEATURING.sub("", name.casefold())
    letters = unicodedata.normalize("NFKD", without or name)
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return fold_name(plain) if plain.strip() else ""


def artist_key(track: Track) -> str:
    """Return by whom a track is, without guests; empty where its tags do not say."""
    return _fold_person(track.artist) or _fold_person(track.album_artist)


def _fold_person(name: str) -> str:
    """Return the folded name of an artist; empty if it stands for many, or for nobody known."""
    return "" if is_various(name) or fold_name(name) in _UNKNOWN else fold_artist(name)


def _artist_name(track: Track) -> str:
    return track.artist or track.album_artist or track.path.name


def _album_name(tracks: Sequence[Track]) -> str:
    album = next((track.album for track in tracks if track.album), tracks[0].path.parent.name)
    artists = Counter(track.album_artist or track.artist for track in tracks)
    artist = artists.most_common(1)[0][0]
    return f"{artist} / {album}" if artist else album
