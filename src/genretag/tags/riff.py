"""WAV, with ID3v2 in a chunk and RIFF INFO, the list of texts that Windows shows."""

from collections.abc import Sequence
from typing import BinaryIO, ClassVar

from genretag.domain.places import COMMENT, GENRE, Place
from genretag.tags.container import Container, has_form
from genretag.tags.formats.chunks import ChunkFile
from genretag.tags.formats.handler import BrokenTagsError, Item, Tag, TagHandler
from genretag.tags.formats.id3v2 import ChunkId3v2
from genretag.tags.formats.names import SEPARATOR, decode_text
from genretag.tags.formats.splice import read_at


class RiffInfo(TagHandler):
    """The IGNR and ICMT texts in the INFO list, which is never created; others have no place."""

    format = "RIFF INFO"
    place_labels: ClassVar = {GENRE: ("IGNR",), COMMENT: ("ICMT",)}
    text_keys: ClassVar = {"title": ("INAM",), "artist": ("IART",), "album": ("IPRD",)}

    def load(self, file: BinaryIO) -> Tag | None:
        """Return the texts of the list, each with its name and size before it."""
        chunk = ChunkFile(file, "little").find(b"LIST", form=b"INFO")
        if chunk is None:
            return None
        data, items = read_at(file, chunk.offset + 4, chunk.size - 4), []
        at = 0
        while at + 8 <= len(data):
            size = int.from_bytes(data[at + 4 : at + 8], "little")
            end = at + 8 + size
            if end > len(data):
                raise BrokenTagsError("a text of its INFO list is cut off")
            items.append(Item(data[at : at + 4].decode("latin-1"), data[at:end]))
            at = end + end % 2  # which may be missing behind the last
        if data[at:]:
            items.append(Item("", data[at:]))
        return Tag(tuple(items))

    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Replace the list."""
        chunks = ChunkFile(file, "little")
        content = b"INFO" + _join(tag.items) if tag else None
        chunks.replace(chunks.find(b"LIST", form=b"INFO"), b"LIST", content)

    def decode(self, item: Item, tag: Tag) -> str:
        """Return the text without the null that ends it."""
        return decode_text(item.data[8:].rstrip(b"\0"))

    def encode(self, texts: Sequence[str], tag: Tag, place: Place = GENRE) -> list[Item]:
        """Return one text with a null at its end."""
        if not texts:
            return []
        (key,) = self.labels(place)
        text = SEPARATOR.join(texts).encode("utf-8") + b"\0"
        return [Item(key, key.encode("ascii") + len(text).to_bytes(4, "little") + text)]


def _join(items: Sequence[Item]) -> bytes:
    """Return the texts, each padded to an even length."""
    return b"".join(item.data + bytes(len(item.data) % 2 if item.key else 0) for item in items)


_INFO = RiffInfo()

CONTAINERS = (
    Container(
        "WAV",
        has_form(b"RIFF", b"WAVE"),
        (ChunkId3v2("little", b"id3 ", b"ID3 "), _INFO),
        synced=(_INFO,),
    ),
)
