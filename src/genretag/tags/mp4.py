"""iTunes metadata in MP4: the children of moov.udta.meta.ilst.

ISO/IEC 14496-12 for the atoms; their meaning is Apple's,
https://developer.apple.com/documentation/quicktime-file-format/metadata_atoms_and_types.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO, ClassVar

from genretag.domain.id3v1 import ID3V1_GENRES
from genretag.domain.places import COMMENT, GENRE, GROUPING, Place
from genretag.tags.container import Container
from genretag.tags.formats import atoms
from genretag.tags.formats.atoms import Atom
from genretag.tags.formats.handler import BrokenTagsError, CannotWriteError, Item, Tag, TagHandler
from genretag.tags.formats.splice import GROWTH, read_at

_GENRE, _OLD_GENRE = "\xa9gen", "gnre"
_NAMED, _COMPILATION = "----", "cpil"
_MEAN = "com.apple.iTunes"
_PATH = (b"moov", b"udta", b"meta", b"ilst")
_HANDLER = atoms.render(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
_CODECS = {0: "utf-8", 1: "utf-8", 2: "utf-16-be", 3: "shift-jis"}
"""How texts are encoded, by the type of the data atom."""


_PICTURE_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis", b"crx ")


class Mp4(TagHandler):
    """One data atom for each text in one ©gen atom; an old gnre is read and superseded.

    Other places have atoms of their own: ©grp, ©cmt, or one that holds its name.
    """

    format = "MP4"
    place_labels: ClassVar = {
        GENRE: (_GENRE, _OLD_GENRE), GROUPING: ("\xa9grp",), COMMENT: ("\xa9cmt",),
    }  # fmt: skip
    free_label = f"{_NAMED}:{_MEAN}:{{}}"
    text_keys: ClassVar = {
        "title": ("\xa9nam",), "artist": ("\xa9ART",), "album_artist": ("aART",),
        "album": ("\xa9alb",), "album_id": (_NAMED,), "compilation": (_COMPILATION,),
    }  # fmt: skip

    def load(self, file: BinaryIO) -> Tag | None:
        """Return the children of ilst as whole atoms."""
        path = atoms.find_path(file, _PATH)
        if len(path) < len(_PATH):
            return None
        ilst = path[-1]
        items = []
        for atom in atoms.read_children(file, ilst):
            items.append(Item(atom.name.decode("latin-1"), read_at(file, atom.offset, atom.size)))
        return Tag(tuple(items))

    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Replace ilst and the free space beside it; chunk offsets follow if sound moves."""
        path = atoms.find_path(file, _PATH)
        if not path:
            raise CannotWriteError("it has no moov atom, which would hold the tags")
        if len(path) < len(_PATH):
            if tag is not None:
                _create(file, path, _render_ilst(tag))
        elif tag is None:
            _remove(file, path)
        else:
            start, end = _find_room(file, path)
            data = _pad(_render_ilst(tag), end - start)
            atoms.insert(file, path[:-1], start, end - start, data)

    def full_label(self, item: Item, tag: Tag) -> str:
        """Return its key, and the two names that an atom of any name holds."""
        return ":".join((item.key, *_read_names(item))) if item.key == _NAMED else item.key

    def stored_texts(self, tag: Tag, place: Place = GENRE) -> list[str]:
        """Return the text of each data atom; a gnre counts where there is no ©gen."""
        items = self.items_of(tag, place)
        old = [item for item in items if item.key == _OLD_GENRE]
        new = (item for item in items if item.key != _OLD_GENRE)
        texts = [_decode_text(kind, value) for item in new for kind, value in _parse_values(item)]
        return texts or [_read_gnre(value) for item in old for _, value in _parse_values(item)]

    def decode(self, item: Item, tag: Tag) -> str:
        """Return the texts of an atom, a number in digits; of a named one only the album's id."""
        if item.key == _NAMED and _read_names(item)[1].lower().encode() != self.album_id_name:
            return ""
        read = _read_digits if item.key == _COMPILATION else _decode_text
        return "\0".join(read(kind, value) for kind, value in _parse_values(item))

    def stored_values(self, tag: Tag) -> tuple[str, ...]:
        """Return the texts; the number of a gnre, which is one more than that of ID3v1."""
        if any(item.key == _GENRE for item in tag.items):
            return super().stored_values(tag)
        old = (value for item in tag.items for _, value in _parse_values(item))
        return tuple(str(_read_number(value)) for value in old)

    def encode(self, texts: Sequence[str], tag: Tag, place: Place = GENRE) -> list[Item]:
        """Return one atom, or nothing."""
        if not texts:
            return []
        key, *names = self.labels(place)[0].split(":")
        parts = zip((b"mean", b"name"), names, strict=bool(names))
        named = (atoms.render(kind, bytes(4) + name.encode("ascii")) for kind, name in parts)
        head = (1).to_bytes(4, "big") + bytes(4)
        data = (atoms.render(b"data", head + text.encode("utf-8")) for text in texts)
        return [Item(key, atoms.render(key.encode("latin-1"), *named, *data))]

    def load_extras(self, file: BinaryIO) -> list[Item]:
        """Return what else is in udta: chapters, and what other programs keep there."""
        path = atoms.find_path(file, _PATH[:2])
        beside = atoms.read_children(file, path[1]) if len(path) > 1 else []
        found = []
        for atom in beside:
            if atom.name != b"meta":
                data = read_at(file, atom.offset, atom.size)
                found.append(Item(f"udta.{atom.name.decode('latin-1')}", data))
        return found


def _parse_values(item: Item) -> Iterator[tuple[int, bytes]]:
    """Yield type and content of each data atom in `item`."""
    for name, content in _parse_children(item):
        if name == b"data" and len(content) < 8:
            raise BrokenTagsError(f"a value of its {item.key} atom is cut off")
        if name == b"data":
            yield int.from_bytes(content[1:4], "big"), content[8:]


def _parse_children(item: Item) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of each atom in `item`."""
    at, data = 8, item.data
    least = 12 if item.key == _NAMED else 16  # a name may be shorter than what leads a value
    while at + least <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size < least or at + size > len(data):
            raise BrokenTagsError(f"a value of its {item.key} atom is cut off")
        yield data[at + 4 : at + 8], data[at + 8 : at + size]
        at += size


def _decode_text(kind: int, value: bytes) -> str:
    return value.decode(_CODECS.get(kind, "utf-8"), "replace")


def _read_digits(_: int, value: bytes) -> str:
    return str(int.from_bytes(value, "big"))


def _read_names(item: Item) -> tuple[str, str]:
    """Return whose name an atom holds, and the name; both empty where it is broken."""
    found: dict[bytes, str] = {}
    with suppress(BrokenTagsError):
        for kind, content in _parse_children(item):
            found.setdefault(kind, content[4:].decode("utf-8", "replace"))
    return found.get(b"mean", ""), found.get(b"name", "")


def _read_gnre(value: bytes) -> str:
    number = _read_number(value) - 1
    return ID3V1_GENRES[number] if 0 <= number < len(ID3V1_GENRES) else ""


def _read_number(value: bytes) -> int:
    return int.from_bytes(value[:2], "big")


def _find_room(file: BinaryIO, path: Sequence[Atom]) -> tuple[int, int]:
    """Return from where to where ilst and the free atoms next to it reach."""
    siblings, ilst = atoms.read_children(file, path[-2]), path[-1]
    at = siblings.index(ilst)
    start, end = ilst.offset, ilst.end
    if at and siblings[at - 1].name == b"free":
        start = siblings[at - 1].offset
    if at + 1 < len(siblings) and siblings[at + 1].name == b"free":
        end = siblings[at + 1].end
    return start, end


def _pad(data: bytes, room: int) -> bytes:
    left = room - len(data)
    if left == 0:
        return data
    return data + atoms.render(b"free", bytes(left - 8 if left >= 8 else GROWTH))


def _render_ilst(tag: Tag) -> bytes:
    return atoms.render(b"ilst", *(item.data for item in tag.items))


def _create(file: BinaryIO, path: Sequence[Atom], ilst: bytes) -> None:
    """Put `ilst` into a file that has moov, perhaps udta, perhaps a meta atom of its kind."""
    free = atoms.render(b"free", bytes(GROWTH))
    if len(path) == 3 and read_at(file, path[2].offset, path[2].size).find(b"mdir") > 0:
        at = _find_last_end(file, path[2])
        room = path[2].end - at
        atoms.insert(file, path, at, room, _pad(ilst, room) if room else ilst + free)
        return
    meta = atoms.render(b"meta", bytes(4) + _HANDLER + ilst + free)
    if len(path) == 1:
        at = _find_last_end(file, path[0])
        atoms.insert(file, path, at, 0, atoms.render(b"udta", meta))
    else:
        atoms.insert(file, path[:2], path[1].content, 0, meta)


def _find_last_end(file: BinaryIO, atom: Atom) -> int:
    """Return where the last atom in `atom` ends; nothing but zeros that end a list may follow."""
    inside = atoms.read_children(file, atom)
    if not inside:
        return atom.end
    if read_at(file, inside[-1].offset, 4) == bytes(4):
        raise CannotWriteError(f"its {inside[-1].name.decode('latin-1')} atom has no end")
    return inside[-1].end


def _remove(file: BinaryIO, path: Sequence[Atom]) -> None:
    """Take out ilst, and what holds nothing else."""
    keep = len(path) - 1
    beside = {child.name for child in atoms.read_children(file, path[2])}
    if beside <= {b"hdlr", b"ilst", b"free"}:
        keep = 1 if len(atoms.read_children(file, path[1])) == 1 else 2
    doomed = path[keep]
    atoms.insert(file, path[:keep], doomed.offset, doomed.size, b"")


def _is_mp4(head: bytes, _: int) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] not in _PICTURE_BRANDS


CONTAINERS = (Container("MP4", _is_mp4, (Mp4(),)),)
