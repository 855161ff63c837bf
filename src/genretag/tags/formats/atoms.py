"""The atoms of an MP4 file: finding them, and moving those that follow a change.

ISO/IEC 14496-12, sections 4.2 (atoms), 8.7.5 (chunk offsets), 8.8.7 and 8.8.10 (fragments).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from genretag.tags.formats.handler import BrokenTagsError, CannotWriteError
from genretag.tags.formats.splice import read_at, size_of, splice, write_at

_HOLDERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"mfra"}
_MOST = 100_000
"""More atoms than any file has; a file that claims more is broken."""


@dataclass(frozen=True)
class Atom:
    """An atom: where it starts, where its content does, and how long it is in all."""

    name: bytes
    offset: int
    content: int
    size: int

    @property
    def end(self) -> int:
        """Where the next atom starts."""
        return self.offset + self.size


def render(name: bytes, *contents: bytes) -> bytes:
    """Return an atom around `contents`."""
    size = 8 + sum(map(len, contents))
    return b"".join((size.to_bytes(4, "big"), name, *contents))


def walk(file: BinaryIO, start: int, end: int) -> Iterator[Atom]:
    """Yield the atoms between `start` and `end`; BrokenTagsError where one does not fit."""
    at = start
    while at + 8 <= end:
        head = read_at(file, at, min(16, end - at))
        size, content = int.from_bytes(head[:4], "big"), at + 8
        if size == 1:
            size, content = int.from_bytes(head[8:], "big"), at + 16
        elif size == 0:
            if head[4:8] == bytes(4):
                return  # QuickTime ends some lists with zeros
            size = end - at
        if size < content - at or at + size > end:
            raise BrokenTagsError(f"its {head[4:8].decode('latin-1')} atom is cut off")
        yield Atom(head[4:8], at, content, size)
        at += size


def read_top(file: BinaryIO) -> list[Atom]:
    """Return the outermost atoms; a last one that the file cuts off is left out."""
    found = []
    try:
        for atom in walk(file, 0, size_of(file)):
            found.append(atom)
    except BrokenTagsError:
        if not found:
            raise
    return found


def read_children(file: BinaryIO, atom: Atom) -> list[Atom]:
    """Return the atoms in `atom`."""
    start = atom.content
    if atom.name == b"meta" and read_at(file, start, min(8, atom.end - start))[4:8] != b"hdlr":
        start += 4  # version and flags, which QuickTime leaves out
    return list(walk(file, start, atom.end))


def find_path(file: BinaryIO, names: Sequence[bytes]) -> list[Atom]:
    """Return the atoms along `names`, each in the one before, as far as they are there."""

    def along(within: list[Atom], rest: Sequence[bytes]) -> list[Atom]:
        best: list[Atom] = []
        for atom in within:
            if rest and atom.name == rest[0]:
                found = [atom, *along(read_children(file, atom) if rest[1:] else [], rest[1:])]
                best = max(best, found, key=len)
        return best

    return along(read_top(file), names)


def insert(file: BinaryIO, parents: Sequence[Atom], at: int, size: int, data: bytes) -> None:
    """Put `data` where `size` bytes of the innermost of `parents` were, and mend the rest."""
    growth = len(data) - size
    if growth:
        _check(file, parents, growth)
    splice(file, at, size, data)
    if not growth:
        return
    for parent in parents:
        _resize(file, parent, growth)
    for atom in _find_offset_atoms(file):
        _shift(file, atom, at + size, growth)


def _check(file: BinaryIO, parents: Sequence[Atom], growth: int) -> None:
    for parent in parents:
        if parent.content - parent.offset == 8 and parent.size + growth >= 1 << 32:
            raise CannotWriteError("its moov atom would grow beyond 4 GB")
    if not all(atom.end <= size_of(file) for atom in parents):
        raise CannotWriteError("its moov atom is cut off")
    for _ in _find_offset_atoms(file):  # what is broken is refused before anything is changed
        pass


def _resize(file: BinaryIO, atom: Atom, growth: int) -> None:
    if read_at(file, atom.offset, 4) == bytes(4):
        return  # it reaches to the end of the file, however long that is
    if atom.content - atom.offset == 16:
        write_at(file, atom.offset + 8, (atom.size + growth).to_bytes(8, "big"))
    else:
        write_at(file, atom.offset, (atom.size + growth).to_bytes(4, "big"))


def _find_offset_atoms(file: BinaryIO) -> Iterator[Atom]:
    """Yield all atoms that tell where in the file something is."""
    waiting = read_top(file)
    for _ in range(_MOST):
        if not waiting:
            return
        atom = waiting.pop()
        if atom.name in _HOLDERS:
            waiting.extend(read_children(file, atom))
        elif atom.name in _SHIFTED:
            yield atom
    raise BrokenTagsError("it has more atoms than can be")


def _shift(file: BinaryIO, atom: Atom, beyond: int, growth: int) -> None:
    """Add `growth` to the offsets in `atom` that point to `beyond` or further."""
    data = bytearray(read_at(file, atom.content, atom.end - atom.content))
    for at, width in _SHIFTED[atom.name](data):
        offset = int.from_bytes(data[at : at + width], "big")
        if offset >= beyond:
            try:
                data[at : at + width] = (offset + growth).to_bytes(width, "big")
            except OverflowError as error:
                raise CannotWriteError("its sound would move beyond 4 GB") from error
    write_at(file, atom.content, bytes(data))


_Places = Iterator[tuple[int, int]]
"""Position and width of each offset in the content of an atom."""


def _stco(data: bytearray) -> _Places:
    count = int.from_bytes(data[4:8], "big")
    return ((at, 4) for at in range(8, min(8 + 4 * count, len(data) - 3), 4))


def _co64(data: bytearray) -> _Places:
    count = int.from_bytes(data[4:8], "big")
    return ((at, 8) for at in range(8, min(8 + 8 * count, len(data) - 7), 8))


def _tfhd(data: bytearray) -> _Places:
    has_base = data[3] & 1
    return iter([(8, 8)] if has_base and len(data) >= 16 else [])


def _tfra(data: bytearray) -> _Places:
    width = 8 if data[0] == 1 else 4
    lengths = data[11]
    entry = 2 * width + 3 + (lengths >> 4 & 3) + (lengths >> 2 & 3) + (lengths & 3)
    count = int.from_bytes(data[12:16], "big")
    return ((at + width, width) for at in range(16, min(16 + entry * count, len(data)), entry))


_SHIFTED = {b"stco": _stco, b"co64": _co64, b"tfhd": _tfhd, b"tfra": _tfra}
