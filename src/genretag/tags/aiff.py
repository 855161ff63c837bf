"""AIFF, with ID3v2 in a chunk and texts in chunks of their own.

Audio Interchange File Format 1.3, Apple, 1989.
"""

from collections.abc import Sequence
from typing import BinaryIO, ClassVar

from genretag.domain.places import GENRE, Place
from genretag.tags.container import Container, has_form
from genretag.tags.formats.chunks import ChunkFile
from genretag.tags.formats.handler import CannotWriteError, Item, Tag, TagHandler
from genretag.tags.formats.id3v2 import ChunkId3v2
from genretag.tags.formats.splice import read_at


class AiffTexts(TagHandler):
    """NAME and AUTH, which hold no genre; some players look no further where they are."""

    format = "AIFF text"
    text_keys: ClassVar = {"title": ("NAME",), "artist": ("AUTH",)}

    def load(self, file: BinaryIO) -> Tag | None:
        """Return the texts; None without any."""
        chunks = ChunkFile(file, "big")
        found = [chunk for chunk in chunks.chunks() if chunk.name in (b"NAME", b"AUTH")]
        whole = (chunk for chunk in found if chunk.size and chunk.end <= chunks.end)
        items = [Item(c.name.decode("ascii"), read_at(file, c.offset, c.size)) for c in whole]
        return Tag(tuple(items)) if items else None

    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Refuse, as these texts are nothing that a genre changes."""
        raise CannotWriteError("the texts in its chunks are not to be changed")

    def encode(self, texts: Sequence[str], tag: Tag, place: Place = GENRE) -> list[Item]:
        """Return no item."""
        return []


CONTAINERS = (
    Container(
        "AIFF",
        has_form(b"FORM", b"AIFF", b"AIFC"),
        (ChunkId3v2("big", b"ID3 ", b"id3 "),),
        secondary=(AiffTexts(),),
    ),
)
