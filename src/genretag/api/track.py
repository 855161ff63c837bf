"""A file that a program knows more of than its tags say."""

from collections.abc import Sequence
from dataclasses import dataclass

from genretag.api.arguments import StrPath


@dataclass(frozen=True)
class Track:
    """A file, and what a program knows of it, in place of what its tags say.

    What is None is read from the tags.

    Attributes:
        path: an audio file.
        genres: those that it has, one name or several; empty for none.
        artist: of the track.
        album_artist: of the whole album.
        album: the name of the album; empty if it is of none.
        is_compilation: whether the album has many artists.
    """

    path: StrPath
    genres: str | Sequence[str] | None = None
    artist: str | None = None
    album_artist: str | None = None
    album: str | None = None
    is_compilation: bool | None = None
