"""From one version of ID3v2 to another, frame by frame.

A frame that means the same in both versions keeps its content. The others go through
mutagen, each on its own, so that nothing is merged or reordered; a frame that mutagen
does not understand is carried over as it is.
"""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from itertools import chain
from typing import Any

import mutagen.id3

from genretag.tags.id3v2 import HEADER_SIZE, JUNK, Form, content, parsed, rendered, total_size
from genretag.tags.model import CannotWriteError, Item, Tag

_Id3: Any = mutagen.id3.ID3

# Frames that only mean something together and have other names in the other version.
_DATES = ("TYE", "TDA", "TIM", "TYER", "TDAT", "TIME", "TDRC")
_PEOPLE = ("IPL", "IPLS", "TIPL", "TMCL")
_ORIGINAL = ("TOR", "TORY", "TDOR")
_TOGETHER = (_DATES, _PEOPLE, _ORIGINAL)
_NESTED = ("CHAP", "CTOC")

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
    groups = grouped(tag.items)
    items = chain.from_iterable(_carried(old, new, group, joined) for group in groups)
    return Tag(tuple(items), new.header)


def reframed(old: Form, new: Form, item: Item) -> Item:
    """`item` with its content as it is and the header that `new` wants."""
    if item.key == JUNK or old == new:
        return item
    flags = b"\0\0" if 2 in (old.major, new.major) else _flags(old, new, item.data[8:10])
    return new.frame(item.key, item.data[old.frame_header_size :], flags)


def costs(tag: Tag, major: int) -> tuple[str, ...]:
    """What changes for players when `tag` becomes ID3v2.`major`, in sentences."""
    new = converted(tag, major)
    before = list(dict.fromkeys(item.key for item in tag.items if item.key != JUNK))
    after = list(dict.fromkeys(item.key for item in new.items if item.key != JUNK))
    gone = [key for key in before if key not in after]
    come = [key for key in after if key not in before]
    homeless = sorted(set(after) & (_ONLY_V23 if major == 4 else _ONLY_V24))
    version = Form.of(tag).major
    found = [f"ID3v2.{version} becomes ID3v2.{major}"]
    if gone:
        found.append(f"{', '.join(gone)} become {', '.join(come)}")
    if homeless:
        found.append(f"{', '.join(homeless)} stay, but players may not know them in v2.{major}")
    if major == 3 and _lists(tag):
        found.append(f"values of {', '.join(_lists(tag))} are joined by /")
    return tuple(found) if version != major else ()


def _lists(tag: Tag) -> list[str]:
    form = Form.of(tag)
    other = ("TXXX", "TCON", "TIPL", "TMCL")
    texts = [item for item in tag.items if item.key.startswith("T") and item.key not in other]
    return [item.key for item in texts if _has_list(content(form, item) or b"")]


def grouped(items: Sequence[Item]) -> list[list[Item]]:
    """Each item alone, except those that only mean something together."""
    groups: list[list[Item]] = []
    for item in items:
        family = next((keys for keys in _TOGETHER if item.key in keys), ())
        with_it = next((group for group in groups if group[0].key in family), None)
        if with_it is None:
            groups.append([item])
        else:
            with_it.append(item)
    return groups


def _carried(old: Form, new: Form, group: list[Item], joined: bool) -> list[Item]:
    first = group[0]
    renamed = any(first.key in keys for keys in _TOGETHER)
    if first.key == JUNK or not (renamed or _must_change(old, new, first, joined)):
        return [reframed(old, new, item) for item in group]
    found = _translated(old, new, group, renamed)
    if not found and old.major == 2:
        raise CannotWriteError(f"its {first.key} frame has no place in ID3v2.{new.major}")
    return found or [reframed(old, new, item) for item in group]


def _must_change(old: Form, new: Form, item: Item, joined: bool) -> bool:
    """Whether the content of a frame must be written differently in the new version."""
    if old.major == 2 or item.key in _NESTED:
        return True
    if item.data[9]:
        return True  # compressed, grouped or otherwise not plain
    data = item.data[old.frame_header_size :]
    if old.flags & 0x80 and old.major == 4:
        return True
    if new.major == 4 or not data:
        return False
    encoded = item.key[0] == "T" or item.key in ("WXXX", "COMM", "USLT", "APIC", "GEOB", "USER")
    encoded = encoded or item.key in ("SYLT", "OWNE", "COMR")
    is_list = joined and item.key[0] == "T" and item.key != "TXXX" and _has_list(data)
    return encoded and (data[0] in (2, 3) or is_list)


def _has_list(data: bytes) -> bool:
    null = b"\0\0" if data[:1] in (b"\1", b"\2") else b"\0"
    text = data[1:]
    while text.endswith(null):
        text = text[: -len(null)]
    step = len(null)
    return any(text[at : at + step] == null for at in range(0, len(text), step))


def _translated(old: Form, new: Form, group: list[Item], renamed: bool) -> list[Item]:
    """What mutagen makes of a tag with these frames alone, in the new version."""
    form = old if old.major == 4 else replace(old, flags=0)
    source = _Id3()
    source.load(BytesIO(rendered(Tag(tuple(group), form.header), 0)), translate=False)
    if renamed:
        (source.update_to_v24 if new.major == 4 else source.update_to_v23)()
    target = BytesIO()
    source.save(target, v1=0, v2_version=new.major, v23_sep="/", padding=lambda _: 0)
    data = target.getvalue()
    size = total_size(data[:HEADER_SIZE])
    return list(parsed(data[:size]).items) if size else []


def _flags(old: Form, new: Form, flags: bytes) -> bytes:
    """The status flags, which v2.4 moved down by one bit; format flags cannot move."""
    if flags[1]:
        raise CannotWriteError("a frame is compressed or encrypted and cannot change its version")
    if old.major == new.major:
        return flags
    return bytes((flags[0] >> 1 if new.major == 4 else flags[0] << 1 & 0xFF, 0))
