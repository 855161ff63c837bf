"""The texts that AIFF has chunks for: Audio Interchange File Format 1.3, Apple, 1989."""

from collections.abc import Sequence
from typing import BinaryIO

from genretag.tags.chunks import ChunkFile
from genretag.tags.model import CannotWriteError, Item, Kind, Tag
from genretag.tags.splice import read_at


class AiffTexts(Kind):
    """NAME and AUTH, which hold no genre; some players look no further where they are."""

    format = "AIFF text"

    def load(self, file: BinaryIO) -> Tag | None:
        """The texts; None without any."""
        chunks = ChunkFile(file, "big")
        found = [chunk for chunk in chunks.chunks() if chunk.name in (b"NAME", b"AUTH")]
        whole = (chunk for chunk in found if chunk.size and chunk.end <= chunks.end)
        items = [Item(c.name.decode("ascii"), read_at(file, c.offset, c.size)) for c in whole]
        return Tag(tuple(items)) if items else None

    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Refuse, as these texts are nothing that a genre changes."""
        raise CannotWriteError("the texts in its chunks are not to be changed")

    def is_genre(self, item: Item) -> bool:
        """Never."""
        return False

    def texts(self, tag: Tag) -> list[str]:
        """None."""
        return []

    def encoded(self, texts: Sequence[str], tag: Tag) -> list[Item]:
        """None."""
        return []
