"""Vorbis comments: https://xiph.org/vorbis/doc/v-comment.html."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from genretag.domain.places import COMMENT, GENRE, GROUPING, Place
from genretag.tags.formats.handler import BrokenTagsError, Item, Tag, TagHandler
from genretag.tags.formats.names import decode_text

_VENDOR = b"genretag"


class VorbisComments(TagHandler):
    """Repeated comments, GENRE among them; the header of the tag is the vendor's name."""

    format = "Vorbis comments"
    # The specification has DESCRIPTION for what most programs call COMMENT.
    place_labels: ClassVar = {
        GENRE: ("GENRE",), GROUPING: ("GROUPING",), COMMENT: ("COMMENT", "DESCRIPTION"),
    }  # fmt: skip
    free_label = "{}"
    text_keys: ClassVar = {
        "title": ("TITLE",), "artist": ("ARTIST",), "album": ("ALBUM",), "date": ("DATE",),
        "comment": ("COMMENT",), "track": ("TRACKNUMBER",),
        "album_artist": ("ALBUMARTIST", "ALBUM ARTIST"), "album_id": ("MUSICBRAINZ_ALBUMID",),
        "compilation": ("COMPILATION",),
    }  # fmt: skip
    has_vendor = True

    def decode(self, item: Item, tag: Tag) -> str:
        """Return what comes after the key."""
        return decode_text(item.data.partition(b"=")[2])

    def encode(self, texts: Sequence[str], tag: Tag, place: Place = GENRE) -> list[Item]:
        """Return one comment for each text."""
        return [_make_comment(self.labels(place)[0], text) for text in texts]

    def with_texts(self, tag: Tag, fields: Mapping[str, str]) -> Tag:
        """Add comments named as is the custom."""
        there = {item.key for item in tag.items}
        names = {self.text_keys[field][0]: text for field, text in fields.items()}
        new = (_make_comment(key, text) for key, text in names.items() if key not in there)
        return replace(tag, items=(*tag.items, *new))

    def new_tag(self) -> Tag:
        """Return a tag without comments, with genretag for the vendor."""
        return Tag(header=_VENDOR)


def _make_comment(key: str, text: str) -> Item:
    return Item(key, f"{key}={text}".encode())


def parse(data: bytes) -> tuple[Tag, bytes]:
    """Return the comments in `data`, and what follows them; BrokenTagsError if one is cut off."""
    at = 0

    def take(size: int) -> bytes:
        nonlocal at
        if at + size > len(data):
            raise BrokenTagsError("its Vorbis comments are cut off")
        at += size
        return data[at - size : at]

    def number() -> int:
        return int.from_bytes(take(4), "little")

    vendor = take(number())
    comments = [take(number()) for _ in range(number())]
    items = tuple(Item(_read_key(comment), comment) for comment in comments)
    return Tag(items, vendor), data[at:]


def _read_key(comment: bytes) -> str:
    name, equals, _ = comment.partition(b"=")
    return name.decode("latin-1").upper() if equals else ""


def render(tag: Tag) -> bytes:
    """Return the bytes that `parse` reads."""
    parts = [tag.header, *(item.data for item in tag.items)]
    sized = [len(part).to_bytes(4, "little") + part for part in parts]
    return sized[0] + len(tag.items).to_bytes(4, "little") + b"".join(sized[1:])
