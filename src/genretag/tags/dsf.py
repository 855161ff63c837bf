"""DSF, which keeps ID3v2 at its end: DSF File Format Specification 1.01, Sony, section 2."""

from typing import BinaryIO

from genretag.tags.container import Container, starts_with
from genretag.tags.formats import id3v2_frames
from genretag.tags.formats.handler import BrokenTagsError, CannotWriteError, Item, Tag
from genretag.tags.formats.id3v2 import Id3v2
from genretag.tags.formats.splice import read_at, size_of, splice, write_at


class DsfId3v2(Id3v2):
    """ID3v2 at the end of the file, to which the header points."""

    def locate(self, file: BinaryIO) -> tuple[int, int]:
        """Return where the header points; other tags may follow."""
        end = size_of(file)
        pointer = int.from_bytes(read_at(file, 20, 8), "little")
        if pointer > end:
            raise BrokenTagsError("its header points past its end")
        if not pointer:
            return end, 0
        left = end - pointer
        size = id3v2_frames.read_total_size(
            read_at(file, pointer, min(id3v2_frames.HEADER_SIZE, left))
        )
        return pointer, size if 0 < size <= left else left

    def load_extras(self, file: BinaryIO) -> list[Item]:
        """Return what follows the tag."""
        end = sum(self.locate(file))
        rest = read_at(file, end, size_of(file) - end)
        return [Item("after the tag", rest)] if rest else []

    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Replace the tag and tell the header."""
        offset, room = self.locate(file)
        if offset < _find_audio_end(file):
            raise CannotWriteError("its sound is cut off, so that nothing can follow it")
        data = id3v2_frames.render(tag, room) if tag else b""
        splice(file, offset, room, data)
        write_at(file, 12, size_of(file).to_bytes(8, "little"))
        write_at(file, 20, (offset if data else 0).to_bytes(8, "little"))


def _find_audio_end(file: BinaryIO) -> int:
    """Return where the chunk of sound in a DSF file says that it ends."""
    at = 28
    while at + 12 <= size_of(file):
        header = read_at(file, at, 12)
        size = int.from_bytes(header[4:], "little")
        if header.startswith(b"data"):
            return at + size
        at += max(size, 12)
    return 0


CONTAINERS = (Container("DSF", starts_with(b"DSD "), (DsfId3v2(),)),)
