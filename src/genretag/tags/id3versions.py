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

from genretag.tags.id3groups import GROUPS, Group, Texts
from genretag.tags.id3v2 import (
    HEADER_SIZE,
    JUNK,
    UNSYNCHRONISED,
    Form,
    content,
    frames,
    parsed,
    rendered,
    text_content,
    total_size,
    values_of,
)
from genretag.tags.model import BrokenTagsError, CannotWriteError, Item, Tag

_Id3: Any = mutagen.id3.ID3
_OLD_FRAMES: dict[str, Any] = mutagen.id3.Frames_2_2
_SUCCESSORS = {key: str(kind.__base__.__name__) for key, kind in _OLD_FRAMES.items()}
"""The names that the frames of v2.2 have had since."""

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


def converted(tag: Tag, major: int, joined: bool = True) -> Tag:
    """`tag` as ID3v2.`major`; CannotWriteError if a frame cannot go there.

    Before v2.4, which has lists, these are `joined`, or kept as they are.
    """
    old, new = Form.of(tag), Form(major)
    if old.major == major:
        return tag
    change = _Change(old, new, joined and major < 4)
    items = chain.from_iterable(change.carried(group) for group in grouped(tag.items))
    return Tag(tuple(items), new.header)


def reframed(old: Form, new: Form, item: Item) -> Item:
    """`item` with its content as it is and the header that `new` wants."""
    if item.key == JUNK or old == new:
        return item
    flags = b"\0\0" if 2 in (old.major, new.major) else _flags(old, new, item.data[8:10])
    return new.frame(item.key, item.data[old.frame_header_size :], flags)


def grouped(items: Sequence[Item]) -> list[list[Item]]:
    """Each item alone, except those that only mean something together."""
    groups: list[list[Item]] = []
    for item in items:
        family = _group_of(item)
        with_it = next((group for group in groups if family and _group_of(group[0]) == family), [])
        if with_it:
            with_it.append(item)
        else:
            groups.append([item])
    return groups


def costs(tag: Tag, major: int) -> tuple[str, ...]:
    """What changes for players when `tag` becomes ID3v2.`major`, in sentences."""
    old = Form.of(tag)
    if old.major == major:
        return ()
    found = [f"ID3v2.{old.major} becomes ID3v2.{major}", *_renamed(tag, converted(tag, major))]
    for items in grouped(tag.items):
        group = _group_of(items[0])
        texts = _texts(old, items) if group else None
        found += group.losses(texts, major) if group and texts else []
    if major == 3 and (lists := list(dict.fromkeys(_lists(tag)))):
        found.append(f"values of {', '.join(lists)} are joined by /")
    if members := dict.fromkeys(item.key for item in tag.items if _in_group(old, item)):
        found.append(f"{', '.join(members)} lose the group of frames that they are in")
    for item in tag.items:
        inner = _inner(old, item)
        found += [f"in {item.key} {told}" for told in costs(inner[1], major)[1:]] if inner else []
    return tuple(dict.fromkeys(found))


def _renamed(tag: Tag, new: Tag) -> Iterator[str]:
    before = list(dict.fromkeys(item.key for item in tag.items if item.key != JUNK))
    after = list(dict.fromkeys(item.key for item in new.items if item.key != JUNK))
    gone = [key for key in before if key not in after]
    come = [key for key in after if key not in before]
    major = Form.of(new).major
    homeless = sorted(set(after) & (_ONLY_V23 if major == 4 else _ONLY_V24))
    if gone and come:
        yield f"{', '.join(gone)} become {', '.join(come)}"
    if homeless:
        yield f"{', '.join(homeless)} stay, but players may not know them in v2.{major}"


def _lists(tag: Tag) -> Iterator[str]:
    """The frames with several values, by name."""
    form = Form.of(tag)
    for item in tag.items:
        if item.key in (JUNK, "TCON", "TCO") or _group_of(item):
            continue
        data = content(form, item) or b""
        values = values_of(data[:1] + data[4:] if item.key == "COMM" else data)
        if item.key in ("TXXX", "COMM"):
            if values and len(values) > 2:
                yield f"{item.key}:{values[0]}".rstrip(":")
        elif _is_text(item.key) and values and len(values) > 1:
            yield item.key


def _group_of(item: Item) -> Group | None:
    key = _SUCCESSORS.get(item.key, item.key)
    return next((group for group in GROUPS if key in group.keys), None)


@dataclass(frozen=True)
class _Change:
    """From the `old` form of a tag to the `new` one; whether lists of texts are `joined`."""

    old: Form
    new: Form
    joined: bool

    def carried(self, items: list[Item]) -> list[Item]:
        """A group of frames, or one alone."""
        group = _group_of(items[0])
        texts = _texts(self.old, items) if group else None
        if group is None or texts is None:
            return [self._single(item) for item in items]
        texts = group.to[self.new.major](texts)
        return [self._text(key, values) for key, values in texts.items()]

    def _single(self, item: Item) -> Item:
        if item.key == JUNK:
            return item
        if self.old.major > 2 and len(item.key) == 3:
            # Old iTunes named frames of v2.3 as in v2.2. TagLib reads v2.4 up to such a name only.
            plain = Form(2).frame(item.key, content(self.old, item) or b"")
            return replace(self, old=Form(2))._single(plain)
        if not self._must_change(item):
            return reframed(self.old, self.new, item)
        made = self._made(item)
        if made is None and self.old.major == 2:
            raise CannotWriteError(f"its {item.key} frame has no place in ID3v2.{self.new.major}")
        if made is None:
            return reframed(self.old, self.new, item)
        status = b"\0" if self.old.major == 2 else item.data[8:9]
        flags = _flags(self.old, self.new, status + b"\0")
        return self.new.frame(made.key, made.data[self.new.frame_header_size :], flags)

    def _must_change(self, item: Item) -> bool:
        """Whether the content of a frame must be written differently in the new version."""
        if self.old.major == 2 or item.key in _NESTED:
            return True
        if item.data[9] or (self.old.flags & UNSYNCHRONISED and self.old.major == 4):
            return True  # compressed, grouped or otherwise not plain
        data = item.data[self.old.frame_header_size :]
        if self.new.major == 4 or not data:
            return False
        if data[0] in (2, 3) and (_is_text(item.key) or item.key in _STRUCTURED):
            return True
        values = values_of(data) or [] if self.joined and _is_text(item.key) else []
        return len(values) > (2 if item.key == "TXXX" else 1)

    def _made(self, item: Item) -> Item | None:
        """The frame written anew; None if it is not understood."""
        data = content(self.old, item)
        key = item.key if self.old.major > 2 else _SUCCESSORS.get(item.key, "")
        if data is None:
            return None
        if key in _NESTED:
            return self._chapter(item)
        if _is_text(key):
            values = values_of(data)
            return None if values is None else self._text(key, values)
        return self._translated(item)

    def _text(self, key: str, values: list[str]) -> Item:
        """A frame of text."""
        named = 1 if key == "TXXX" else 0
        if self.joined and key != "IPLS":
            values = [*values[:named], "/".join(values[named:])]
        return self.new.frame(key, text_content(self.new, values))

    def _chapter(self, item: Item) -> Item | None:
        inner = _inner(self.old, item)
        if inner is None:
            return None
        head, tag = inner
        parts = (part.data for part in converted(tag, self.new.major, self.joined).items)
        return self.new.frame(item.key, head + b"".join(parts))

    def _translated(self, item: Item) -> Item | None:
        """Return what mutagen makes of a tag with this frame alone, in the new version."""
        form = self.old if self.old.major == 4 else replace(self.old, flags=0)
        source = _Id3()
        source.load(BytesIO(rendered(Tag((item,), form.header), 0)), translate=False)
        for picture in source.getall("APIC"):
            picture.mime = _MIME.get(picture.mime, picture.mime)
        target = BytesIO()
        source.save(target, v1=0, v2_version=self.new.major, v23_sep="/", padding=lambda _: 0)
        data = target.getvalue()
        size = total_size(data[:HEADER_SIZE])
        return next(iter(parsed(data[:size]).items), None) if size else None


def _texts(form: Form, items: list[Item]) -> Texts | None:
    """The values in frames of text by the names of today; None if one cannot be decoded."""
    found: Texts = {}
    for item in items:
        data = content(form, item)
        values = None if data is None else values_of(data)
        if values is None:
            return None
        found.setdefault(_SUCCESSORS.get(item.key, item.key), []).extend(values)
    return found


def _is_text(key: str) -> bool:
    return key.startswith("T") or key in _TEXTS


def _inner(form: Form, item: Item) -> tuple[bytes, Tag] | None:
    """Return what leads a chapter or a table of contents, and the frames in it; None for others."""
    data = content(form, item) if item.key in _NESTED else None
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
        return data[:at], Tag(tuple(frames(plain, data[at:])), plain.header)
    except BrokenTagsError:
        return None


def _in_group(form: Form, item: Item) -> bool:
    """Whether a frame says that it belongs to others, which only its own version can say."""
    mark = {3: 0x20, 4: 0x40}.get(form.major, 0)
    return item.key != JUNK and form.major > 2 and bool(item.data[9] & mark)


def _flags(old: Form, new: Form, flags: bytes) -> bytes:
    """The status flags, which v2.4 moved down by one bit; format flags cannot move."""
    if flags[1]:
        raise CannotWriteError("a frame is compressed or encrypted and cannot change its version")
    if old.major == new.major:
        return flags
    return bytes((flags[0] >> 1 if new.major == 4 else flags[0] << 1 & 0xFF, 0))
