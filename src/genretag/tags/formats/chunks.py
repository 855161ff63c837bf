"""RIFF and IFF files: chunks in a row, each with a name and a size.

RIFF: Multimedia Programming Interface and Data Specifications 1.0, IBM and Microsoft, 1991.
AIFF: Audio Interchange File Format 1.3, Apple, 1989.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal

from genretag.tags.formats.handler import BrokenTagsError, CannotWriteError
from genretag.tags.formats.splice import read_at, size_of, splice, write_at

Order = Literal["little", "big"]
ROOT_SIZE = 12
SOUND = (b"data", b"SSND")
_NAME = re.compile(rb"[ -~]{4}")


@dataclass(frozen=True)
class Chunk:
    """A chunk: its four-letter name and where its content lies in the file."""

    name: bytes
    offset: int
    size: int

    @property
    def end(self) -> int:
        """Where the next chunk starts: content is padded to an even length."""
        return self.offset + self.size + self.size % 2


@dataclass(frozen=True)
class ChunkFile:
    """A file of chunks whose sizes are in `order`."""

    file: BinaryIO
    order: Order

    @property
    def end(self) -> int:
        """Return where the last chunk ends, at most at the end of the file.

        Chunks that somebody appended and did not count in the size of the outermost one are
        among them: TagLib finds these.
        """
        size = size_of(self.file)
        counted, at = self._counted, ROOT_SIZE
        while (chunk := self._read_chunk(at)) and chunk.offset + chunk.size <= size:
            if at >= counted and not (chunk.size and _NAME.fullmatch(chunk.name)):
                break
            at = chunk.end
        return min(max(at, counted), size)

    @property
    def _counted(self) -> int:
        """Return where the outermost chunk ends by its size, at most at the end of the file."""
        size = int.from_bytes(read_at(self.file, 4, 4), self.order)
        return min(8 + size, size_of(self.file))

    def chunks(self) -> Iterator[Chunk]:
        """Yield the chunks in order; the last may end after the file does."""
        at, end = ROOT_SIZE, self.end
        while at + 8 <= end and (chunk := self._read_chunk(at)):
            yield chunk
            at = chunk.end

    def _read_chunk(self, at: int) -> Chunk | None:
        """Return the chunk at `at`, None where the file ends before."""
        if at + 8 > size_of(self.file):
            return None
        header = read_at(self.file, at, 8)
        return Chunk(header[:4], at + 8, int.from_bytes(header[4:], self.order))

    def find(self, *names: bytes, form: bytes = b"") -> Chunk | None:
        """Return the first chunk of one of `names`, whose content starts with `form`."""
        for chunk in self.chunks():
            if chunk.name in names and read_at(self.file, chunk.offset, len(form)) == form:
                if chunk.offset + chunk.size > self.end:
                    raise BrokenTagsError(f"its {chunk.name.decode('latin-1')} chunk is cut off")
                return chunk
        return None

    def replace(self, chunk: Chunk | None, name: bytes, content: bytes | None) -> None:
        """Put `content` in place of `chunk`, at the end where there was none; None removes it.

        What is not counted in the size of the outermost chunk stays so.
        """
        if chunk is None:
            offset, room = self._find_append_point(), 0
        else:
            offset, room = chunk.offset - 8, min(chunk.end, self.end) - (chunk.offset - 8)
        data = b""
        if content is not None:
            name = chunk.name if chunk else name
            data = name + len(content).to_bytes(4, self.order) + content
            data += b"\0" * (len(content) % 2)
        counted = self._counted
        if chunk is None or offset < counted:
            counted += len(data) - room
        if counted - 8 >= 1 << 32:
            raise CannotWriteError("the file would grow beyond 4 GB")
        splice(self.file, offset, room, data)
        write_at(self.file, 4, (counted - 8).to_bytes(4, self.order))

    def _find_append_point(self) -> int:
        """Return where the outermost chunk ends; its size is mended where no chunk ends there.

        Before sound that readers take to reach to the end of the file: whatever followed it
        would be heard.
        """
        endless = self._find_endless()
        if endless:
            return endless.offset - 8
        ends = [ROOT_SIZE]
        for chunk in self.chunks():
            ends.append(chunk.end)
            if chunk.offset + chunk.size > self.end:
                name = chunk.name.decode("latin-1").strip()
                raise CannotWriteError(f"its {name} chunk is cut off, so nothing can follow it")
        if self._counted in ends:
            return self._counted
        last = ends[-1]
        if last > size_of(self.file):  # the byte that makes the last chunk even is missing
            splice(self.file, last - 1, 0, b"\0")
        write_at(self.file, 4, (last - 8).to_bytes(4, self.order))
        return last

    def _find_endless(self) -> Chunk | None:
        """Return the audio if its size was never filled in, as by recorders that lost power."""
        at, end = ROOT_SIZE, size_of(self.file)
        while (chunk := self._read_chunk(at)) and chunk.name not in SOUND:
            at = chunk.end
        if chunk is None or chunk.offset + chunk.size > end:
            return chunk
        after = None if chunk.size else self._read_chunk(chunk.end)
        follows = after and _NAME.fullmatch(after.name) and after.offset + after.size <= end
        return chunk if after and not follows else None
