"""A music file as its tags describe it."""

from dataclasses import dataclass
from pathlib import Path

from genretag.domain.change import Stamp


@dataclass(frozen=True)
class Track:
    """One file, what it is, and the genres that it holds now.

    Attributes:
        path: the file.
        container: its row of `tags.CONTAINERS`; None if genretag cannot tag it.
        genres: from the first of its tags that has any.
        stamp: the file's size and time when it was read.
        is_audio: False for a file that has no audio.
        has_video: whether it holds moving pictures; known only where a track must be scored.
        has_second_tags: False where it surely has one tag at most, and that is not ID3v1.
    """

    path: Path
    container: str | None
    genres: tuple[str, ...] = ()
    stamp: Stamp | None = None
    is_audio: bool = True
    has_video: bool = False
    has_second_tags: bool = True
