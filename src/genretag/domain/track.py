"""A music file as its tags describe it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from genretag.domain.change import Stamp
from genretag.domain.genre import Names
from genretag.domain.places import GENRE, Place, Values


@dataclass(frozen=True, slots=True)
class Track:
    """One file, what it is, and what its tags say now.

    Attributes:
        path: the file.
        container: its row of `tags.CONTAINERS`; None if genretag cannot tag it.
        genres: from the first of its tags that has any.
        stamp: the file's size and time when it was read.
        is_audio: False for a file that has no audio.
        has_video: whether it holds moving pictures; known only where a track must be scored.
        has_second_tags: False where it surely has one tag at most, and that is not ID3v1.
        title: the first, cut to 500 characters, and empty where no tag has one, like the texts that
            follow.
        artist: of the track.
        album_artist: of the whole album.
        album: the name of the album.
        album_id: the album's identity at MusicBrainz.
        is_compilation: whether its tags say that the album has many artists.
        fields: what other places than the genre hold, of those that are asked for.
        no_room: why places that are asked for cannot be written, in sentences.
    """

    path: Path
    container: str | None
    genres: tuple[str, ...] = ()
    stamp: Stamp | None = None
    is_audio: bool = True
    has_video: bool = False
    has_second_tags: bool = True
    title: str = ""
    artist: str = ""
    album_artist: str = ""
    album: str = ""
    album_id: str = ""
    is_compilation: bool = False
    fields: Values = field(default_factory=dict)
    no_room: Mapping[Place, str] = field(default_factory=dict)

    def values(self, place: Place) -> Names:
        """Return the genres at a place."""
        return self.genres if place == GENRE else self.fields.get(place, ())
