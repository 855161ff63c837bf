"""RIFF INFO: the list of texts that Windows shows for WAV files."""

from collections.abc import Sequence
from typing import BinaryIO

from genretag.tags.chunks import ChunkFile
from genretag.tags.model import BrokenTagsError, Item, Kind, Tag
from genretag.tags.names import JOINT, decoded
from genretag.tags.splice import read_at


class RiffInfo(Kind):
    """The IGNR text in the INFO list, which is never created."""

    format = "RIFF INFO"

    def load(self, file: BinaryIO) -> Tag | None:
        """The texts of the list, each with its name and size before it."""
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
        content = b"INFO" + _joined(tag.items) if tag else None
        chunks.replace(chunks.find(b"LIST", form=b"INFO"), b"LIST", content)

    def is_genre(self, item: Item) -> bool:
        """Whether it is IGNR."""
        return item.key == "IGNR"

    def texts(self, tag: Tag) -> list[str]:
        """The texts without the null that ends them."""
        found = [item.data[8:] for item in tag.items if self.is_genre(item)]
        return [decoded(data.rstrip(b"\0")) for data in found]

    def encoded(self, texts: Sequence[str], tag: Tag) -> list[Item]:
        """One text with a null at its end."""
        if not texts:
            return []
        text = JOINT.join(texts).encode("utf-8") + b"\0"
        return [Item("IGNR", b"IGNR" + len(text).to_bytes(4, "little") + text)]


def _joined(items: Sequence[Item]) -> bytes:
    """The texts, each padded to an even length."""
    return b"".join(item.data + bytes(len(item.data) % 2 if item.key else 0) for item in items)
