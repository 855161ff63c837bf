"""From one version of ID3v2 to another, frame by frame.

A frame that means the same in both versions keeps its content. Texts are encoded anew; pictures,
comments and what else has a structure of its own go through mutagen, each frame on its own, so
that nothing is merged or reordered. A frame that nobody here understands is carried over as it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import chain
from typing import Any

import mutagen.id3

from genretag.tags.formats.handler import BrokenTagsError, CannotWriteError, Item, Tag
from genretag.tags.formats.id3v2_frames import (
    HEADER_SIZE,
    JUNK,
    UNSYNCHRONISED,
    Form,
    decode_values,
    encode_text,
    parse,
    parse_frames,
    read_total_size,
    render,
    unpack,
)
from genretag.tags.formats.id3v2_groups import GROUPS, Group, Texts

_Id3: Any = mutagen.id3.ID3
_OLD_FRAMES: dict[str, Any] = mutagen.id3.Frames_2_2
SUCCESSORS = {key: str(kind.__base__.__name__) for key, kind in _OLD_FRAMES.items()}
"""The names that the frames of v2.2 have had since."""
PREDECESSORS = {new: old for old, new in SUCCESSORS.items()}

_NESTED = ("CHAP", "CTOC")
_TEXTS = ("GRP1", "MVNM", "MVIN")
"""Frames of text whose names do not begin with T."""
_STRUCTURED = ("WXXX", "COMM", "USLT", "APIC", "GEOB", "USER", "SYLT", "OWNE", "COMR")
"""Other frames with an encoding in their first byte."""

_MIME = {"PNG": "image/png", "JPG": "image/jpeg"}
"""How v2.2 names formats of pictures."""

_ONLY_V23 = {"TYER", "TDAT", "TIME", "TORY", "IPLS", "RVAD", "EQUA", "TRDA", "TSIZ"}
_ONLY_V24 = {
    "ASPI", "EQU2", "RVA2", "SEEK", "SIGN", "TDEN", "TDOR", "TDRC", "TDRL", "TDTG", "TIPL",
    "TMCL", "TMOO", "TPRO", "TSOA", "TSOP", "TSOT", "TSST",
}  # fmt: skip


def convert(tag: Tag, major: int, joined: bool = True) -> Tag:
    """Return `tag` as ID3v2.`major`; CannotWriteError if a frame cannot go there.

    Before v2.4, which has lists, these are `joined`, or kept as they are.
    """
    old, new = Form.of(tag), Form(major)
    if old.major == major:
        return tag
    change = _Conversion(old, new, joined and major < 4)
    items = chain.from_iterable(change.convert_group(group) for group in group_items(tag.items))
    return Tag(tuple(items), new.header)


def reframe(old: Form, new: Form, item: Item) -> Item:
    """Return `item` with its content as it is and the header that `new` wants."""
    if item.key == JUNK or old == new:
        return item
    flags = b"\0\0" if 2 in (old.major, new.major) else _convert_flags(old, new, item.data[8:10])
    return new.frame(item.key, item.data[old.frame_header_size :], flags)


def group_items(items: Sequence[Item]) -> list[list[Item]]:
    """Return each item alone, except those that only mean something together."""
    groups: list[list[Item]] = []
    for item in items:
        group = _find_group(item)
        members = next((m for m in groups if group and _find_group(m[0]) == group), None)
        if members:
            members.append(item)
        else:
            groups.append([item])
    return groups


def describe_costs(tag: Tag, major: int) -> tuple[str, ...]:
    """Return what changes for players when `tag` becomes ID3v2.`major`, in sentences."""
    old = Form.of(tag)
    if old.major == major:
        return ()
    found = [
        f"ID3v2.{old.major} becomes ID3v2.{major}",
        *_describe_renames(tag, convert(tag, major)),
    ]
    for items in group_items(tag.items):
        group = _find_group(items[0])
        texts = _read_texts(old, items) if group else None
        found += group.describe_losses(texts, major) if group and texts else []
    if major == 3 and (lists := list(dict.fromkeys(_find_lists(tag)))):
        found.append(f"values of {', '.join(lists)} are joined by /")
    if members := dict.fromkeys(item.key for item in tag.items if _is_in_group(old, item)):
        found.append(f"{', '.join(members)} lose the group of frames that they are in")
    for item in tag.items:
        inner = _parse_nested(old, item)
        if inner:
            found += [f"in {item.key} {cost}" for cost in describe_costs(inner[1], major)[1:]]
    return tuple(dict.fromkeys(found))


def _describe_renames(tag: Tag, new: Tag) -> Iterator[str]:
    before = list(dict.fromkeys(item.key for item in tag.items if item.key != JUNK))
    after = list(dict.fromkeys(item.key for item in new.items if item.key != JUNK))
    gone = [key for key in before if key not in after]
    come = [key for key in after if key not in before]
    major = Form.of(new).major
    unknown = sorted(set(after) & (_ONLY_V23 if major == 4 else _ONLY_V24))
    if gone and come:
        yield f"{', '.join(gone)} become {', '.join(come)}"
    if unknown:
        yield f"{', '.join(unknown)} stay, but players may not know them in v2.{major}"


def _find_lists(tag: Tag) -> Iterator[str]:
    """Yield the frames with several values, by name."""
    form = Form.of(tag)
    for item in tag.items:
        if item.key in (JUNK, "TCON", "TCO") or _find_group(item):
            continue
        data = unpack(form, item) or b""
        values = decode_values(data[:1] + data[4:] if item.key == "COMM" else data)
        if item.key in ("TXXX", "COMM"):
            if values and len(values) > 2:
                yield f"{item.key}:{values[0]}".rstrip(":")
        elif _is_text(item.key) and values and len(values) > 1:
            yield item.key


def _find_group(item: Item) -> Group | None:
    key = SUCCESSORS.get(item.key, item.key)
    return next((group for group in GROUPS if key in group.keys), None)


@dataclass(frozen=True)
class _Conversion:
    """From the `old` form of a tag to the `new` one; whether lists of texts are `joined`."""

    old: Form
    new: Form
    joined: bool

    def convert_group(self, items: list[Item]) -> list[Item]:
        """Return a group of frames, or one alone, in the new version."""
        group = _find_group(items[0])
        texts = _read_texts(self.old, items) if group else None
        if group is None or texts is None:
            return [self._convert_item(item) for item in items]
        texts = group.to[self.new.major](texts)
        return [self._make_text(key, values) for key, values in texts.items()]

    def _convert_item(self, item: Item) -> Item:
        if item.key == JUNK:
            return item
        if self.old.major > 2 and len(item.key) == 3:
            # Old iTunes named frames of v2.3 as in v2.2. TagLib reads v2.4 up to such a name only.
            plain = Form(2).frame(item.key, unpack(self.old, item) or b"")
            return replace(self, old=Form(2))._convert_item(plain)
        if not self._must_change(item):
            return reframe(self.old, self.new, item)
        made = self._rewrite(item)
        if made is None and self.old.major == 2:
            raise CannotWriteError(f"its {item.key} frame has no place in ID3v2.{self.new.major}")
        if made is None:
            return reframe(self.old, self.new, item)
        status = b"\0" if self.old.major == 2 else item.data[8:9]
        flags = _convert_flags(self.old, self.new, status + b"\0")
        return self.new.frame(made.key, made.data[self.new.frame_header_size :], flags)

    def _must_change(self, item: Item) -> bool:
        """Return whether the content of a frame must be written differently in the new version."""
        if self.old.major == 2 or item.key in _NESTED:
            return True
        if item.data[9] or (self.old.flags & UNSYNCHRONISED and self.old.major == 4):
            return True  # compressed, grouped or otherwise not plain
        data = item.data[self.old.frame_header_size :]
        if self.new.major == 4 or not data:
            return False
        if data[0] in (2, 3) and (_is_text(item.key) or item.key in _STRUCTURED):
            return True
        values = decode_values(data) or [] if self.joined and _is_text(item.key) else []
        return len(values) > (2 if item.key == "TXXX" else 1)

    def _rewrite(self, item: Item) -> Item | None:
        """Return the frame written anew; None if it is not understood."""
        data = unpack(self.old, item)
        key = item.key if self.old.major > 2 else SUCCESSORS.get(item.key, "")
        if data is None:
            return None
        if key in _NESTED:
            return self._rewrite_chapter(item)
        if _is_text(key):
            values = decode_values(data)
            return None if values is None else self._make_text(key, values)
        return self._rewrite_with_mutagen(item)

    def _make_text(self, key: str, values: list[str]) -> Item:
        """Return a frame of text."""
        named = 1 if key == "TXXX" else 0
        if self.joined and key != "IPLS":
            values = [*values[:named], "/".join(values[named:])]
        return self.new.frame(key, encode_text(self.new, values))

    def _rewrite_chapter(self, item: Item) -> Item | None:
        inner = _parse_nested(self.old, item)
        if inner is None:
            return None
        head, tag = inner
        parts = (part.data for part in convert(tag, self.new.major, self.joined).items)
        return self.new.frame(item.key, head + b"".join(parts))

    def _rewrite_with_mutagen(self, item: Item) -> Item | None:
        """Return what mutagen makes of a tag with this frame alone, in the new version."""
        form = self.old if self.old.major == 4 else replace(self.old, flags=0)
        source = _Id3()
        source.load(BytesIO(render(Tag((item,), form.header), 0)), translate=False)
        for picture in source.getall("APIC"):
            picture.mime = _MIME.get(picture.mime, picture.mime)
        target = BytesIO()
        source.save(target, v1=0, v2_version=self.new.major, v23_sep="/", padding=lambda _: 0)
        data = target.getvalue()
        size = read_total_size(data[:HEADER_SIZE])
        return next(iter(parse(data[:size]).items), None) if size else None


def _read_texts(form: Form, items: list[Item]) -> Texts | None:
    """Return the values in text frames by the names of today; None if one cannot be decoded."""
    found: Texts = {}
    for item in items:
        data = unpack(form, item)
        values = None if data is None else decode_values(data)
        if values is None:
            return None
        found.setdefault(SUCCESSORS.get(item.key, item.key), []).extend(values)
    return found


def _is_text(key: str) -> bool:
    return key.startswith("T") or key in _TEXTS


def _parse_nested(form: Form, item: Item) -> tuple[bytes, Tag] | None:
    """Return what leads a chapter or a table of contents, and the frames in it; None for others."""
    data = unpack(form, item) if item.key in _NESTED else None
    if data is None:
        return None
    at = data.find(b"\0") + 1
    if item.key == "CHAP":
        at += 16
    else:
        entries = data[at + 1] if at + 1 < len(data) else 0
        at += 2
        for _ in range(entries):
            at = data.find(b"\0", at) + 1 or len(data)
    plain = replace(form, flags=0)
    try:
        return data[:at], Tag(tuple(parse_frames(plain, data[at:])), plain.header)
    except BrokenTagsError:
        return None


def _is_in_group(form: Form, item: Item) -> bool:
    """Return whether a frame belongs to a group, which only its own version can say."""
    mark = {3: 0x20, 4: 0x40}.get(form.major, 0)
    return item.key != JUNK and form.major > 2 and bool(item.data[9] & mark)


def _convert_flags(old: Form, new: Form, flags: bytes) -> bytes:
    """Return the status flags, which v2.4 moved down by one bit; format flags cannot move."""
    if flags[1]:
        raise CannotWriteError("a frame is compressed or encrypted and cannot change its version")
    if old.major == new.major:
        return flags
    return bytes((flags[0] >> 1 if new.major == 4 else flags[0] << 1 & 0xFF, 0))
