"""iTunes metadata in MP4: the children of moov.udta.meta.ilst.

ISO/IEC 14496-12 for the atoms; their meaning is Apple's,
https://developer.apple.com/documentation/quicktime-file-format/metadata_atoms_and_types.
"""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from genretag.domain.id3v1 import ID3V1_GENRES
from genretag.tags import atoms
from genretag.tags.atoms import Atom
from genretag.tags.model import BrokenTagsError, CannotWriteError, Item, Kind, Tag
from genretag.tags.splice import GROWTH, read_at

_GENRE, _OLD_GENRE = "\xa9gen", "gnre"
_PATH = (b"moov", b"udta", b"meta", b"ilst")
_HANDLER = atoms.rendered(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
_CODECS = {0: "utf-8", 1: "utf-8", 2: "utf-16-be", 3: "shift-jis"}
"""How texts are encoded, by the type of the data atom."""


class Mp4(Kind):
    """One data atom for each text in one ©gen atom; an old gnre is read and superseded."""

    format = "MP4"

    def load(self, file: BinaryIO) -> Tag | None:
        """The children of ilst as whole atoms."""
        path = atoms.path(file, _PATH)
        if len(path) < len(_PATH):
            return None
        ilst = path[-1]
        items = []
        for atom in atoms.children(file, ilst):
            items.append(Item(atom.name.decode("latin-1"), read_at(file, atom.offset, atom.size)))
        return Tag(tuple(items))

    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Replace ilst and the free space beside it; chunk offsets follow if sound moves."""
        path = atoms.path(file, _PATH)
        if not path:
            raise CannotWriteError("it has no moov atom, which would hold the tags")
        if len(path) < len(_PATH):
            if tag is not None:
                _create(file, path, _ilst(tag))
        elif tag is None:
            _remove(file, path)
        else:
            start, end = _room(file, path)
            data = _padded(_ilst(tag), end - start)
            atoms.insert(file, path[:-1], start, end - start, data)

    def is_genre(self, item: Item) -> bool:
        """Whether it is ©gen or gnre."""
        return item.key in (_GENRE, _OLD_GENRE)

    def texts(self, tag: Tag) -> list[str]:
        """The text of each data atom of each ©gen; a gnre counts where there is no ©gen."""
        new = [item for item in tag.items if item.key == _GENRE]
        old = [item for item in tag.items if item.key == _OLD_GENRE]
        texts = [_text(kind, value) for item in new for kind, value in _values(item)]
        return texts or [_old_name(value) for item in old for _, value in _values(item)]

    def values(self, tag: Tag) -> tuple[str, ...]:
        """The texts; the number of a gnre, which is one more than that of ID3v1."""
        if any(item.key == _GENRE for item in tag.items):
            return super().values(tag)
        old = (value for item in tag.items for _, value in _values(item))
        return tuple(str(_number(value)) for value in old)

    def encoded(self, texts: Sequence[str], tag: Tag) -> list[Item]:
        """One ©gen, or nothing."""
        if not texts:
            return []
        head = (1).to_bytes(4, "big") + bytes(4)
        data = b"".join(atoms.rendered(b"data", head + text.encode("utf-8")) for text in texts)
        return [Item(_GENRE, atoms.rendered(_GENRE.encode("latin-1"), data))]

    def extras(self, file: BinaryIO) -> list[Item]:
        """What else is in udta: chapters, and what other programs keep there."""
        path = atoms.path(file, _PATH[:2])
        beside = atoms.children(file, path[1]) if len(path) > 1 else []
        found = []
        for atom in beside:
            if atom.name != b"meta":
                data = read_at(file, atom.offset, atom.size)
                found.append(Item(f"udta.{atom.name.decode('latin-1')}", data))
        return found


def _values(item: Item) -> Iterator[tuple[int, bytes]]:
    """Type and content of each data atom in `item`."""
    at, data = 8, item.data
    while at + 16 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size < 16 or at + size > len(data):
            raise BrokenTagsError("a value of its genre atom is cut off")
        if data[at + 4 : at + 8] == b"data":
            yield int.from_bytes(data[at + 9 : at + 12], "big"), data[at + 16 : at + size]
        at += size


def _text(kind: int, value: bytes) -> str:
    return value.decode(_CODECS.get(kind, "utf-8"), "replace")


def _old_name(value: bytes) -> str:
    number = _number(value) - 1
    return ID3V1_GENRES[number] if 0 <= number < len(ID3V1_GENRES) else ""


def _number(value: bytes) -> int:
    return int.from_bytes(value[:2], "big")


def _room(file: BinaryIO, path: Sequence[Atom]) -> tuple[int, int]:
    """From where to where ilst and the free atoms next to it reach."""
    siblings, ilst = atoms.children(file, path[-2]), path[-1]
    at = siblings.index(ilst)
    start, end = ilst.offset, ilst.end
    if at and siblings[at - 1].name == b"free":
        start = siblings[at - 1].offset
    if at + 1 < len(siblings) and siblings[at + 1].name == b"free":
        end = siblings[at + 1].end
    return start, end


def _padded(data: bytes, room: int) -> bytes:
    left = room - len(data)
    if left == 0:
        return data
    return data + atoms.rendered(b"free", bytes(left - 8 if left >= 8 else GROWTH))


def _ilst(tag: Tag) -> bytes:
    return atoms.rendered(b"ilst", *(item.data for item in tag.items))


def _create(file: BinaryIO, path: Sequence[Atom], ilst: bytes) -> None:
    """Put `ilst` into a file that has moov, perhaps udta, perhaps a meta atom of its kind."""
    free = atoms.rendered(b"free", bytes(GROWTH))
    if len(path) == 3 and read_at(file, path[2].offset, path[2].size).find(b"mdir") > 0:
        at = _last_end(file, path[2])
        room = path[2].end - at
        atoms.insert(file, path, at, room, _padded(ilst, room) if room else ilst + free)
        return
    meta = atoms.rendered(b"meta", bytes(4) + _HANDLER + ilst + free)
    if len(path) == 1:
        at = _last_end(file, path[0])
        atoms.insert(file, path, at, 0, atoms.rendered(b"udta", meta))
    else:
        atoms.insert(file, path[:2], path[1].content, 0, meta)


def _last_end(file: BinaryIO, atom: Atom) -> int:
    """Where the last atom in `atom` ends; zeros that end a list may follow, and nothing else."""
    inside = atoms.children(file, atom)
    return inside[-1].end if inside else atom.end


def _remove(file: BinaryIO, path: Sequence[Atom]) -> None:
    """Take out ilst, and what holds nothing else."""
    keep = len(path) - 1
    beside = {child.name for child in atoms.children(file, path[2])}
    if beside <= {b"hdlr", b"ilst", b"free"}:
        keep = 1 if len(atoms.children(file, path[1])) == 1 else 2
    doomed = path[keep]
    atoms.insert(file, path[:keep], doomed.offset, doomed.size, b"")
