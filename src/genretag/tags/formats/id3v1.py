"""ID3v1, the last 128 bytes of a file: https://id3.org/ID3v1."""

from collections.abc import Sequence
from typing import BinaryIO, ClassVar

from genretag.domain.id3v1 import ID3V1_GENRES
from genretag.domain.places import COMMENT, GENRE, Place
from genretag.tags.formats.handler import Item, Tag, TagHandler
from genretag.tags.formats.names import NO_GENRE, find_id3v1_number
from genretag.tags.formats.splice import size_of, splice

SIZE = 128
_GENRE = "genre"


class Id3v1(TagHandler):
    """One number for the genre, 255 where it has no number; never created.

    Its comment is read, and never changed: nobody wants a comment that is cut off.
    """

    format = "ID3v1"
    place_labels: ClassVar = {GENRE: (_GENRE,)}

    def load(self, file: BinaryIO) -> Tag | None:
        """Return the fields and the number; ID3v1 cannot be broken."""
        data = find(file)
        if data is None:
            return None
        return Tag((Item("fields", data[:-1]), Item(_GENRE, data[-1:])))

    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Overwrite, cut off or append the 128 bytes."""
        size = SIZE if find(file) is not None else 0
        data = b"".join(item.data for item in tag.items) if tag else b""
        splice(file, size_of(file) - size, size, data)

    def may_end_search(self, tag: Tag) -> bool:
        """Return whether it holds a text or a genre."""
        return bool(parse_texts(tag) or self.stored_values(tag))

    def stored_texts(self, tag: Tag, place: Place = GENRE) -> list[str]:
        """Return the name of the number, or the comment."""
        if place != GENRE:
            return [parse_texts(tag).get(place, "")] if place == COMMENT else []
        number = tag.items[-1].data[0]
        return [ID3V1_GENRES[number]] if number < len(ID3V1_GENRES) else []

    def texts(self, tag: Tag) -> dict[str, str]:
        """Return its texts, which have 30 characters at most."""
        return parse_texts(tag)

    def stored_values(self, tag: Tag) -> tuple[str, ...]:
        """Return the number."""
        number = tag.items[-1].data[0]
        return () if number == NO_GENRE else (str(number),)

    def encode(self, texts: Sequence[str], tag: Tag, place: Place = GENRE) -> list[Item]:
        """Return the number of the first name that has one."""
        return [Item(_GENRE, bytes([find_id3v1_number(texts)]))]


def find(file: BinaryIO) -> bytes | None:
    """Return the 128 bytes, or None; an APEv2 footer that happens to say TAG there is none."""
    size = size_of(file)
    if size < SIZE:
        return None
    file.seek(max(0, size - SIZE - 3))
    before, data = file.read(min(3, size - SIZE)), file.read(SIZE)
    return data if data.startswith(b"TAG") and before + data[:5] != b"APETAGEX" else None


def parse_texts(tag: Tag) -> dict[str, str]:
    """Return the texts of an ID3v1 tag by what they mean, empty ones left out."""
    data = tag.items[0].data
    comment, track = data[97:127], ""
    if comment[28] == 0 and comment[29]:
        comment, track = comment[:28], str(comment[29])
    texts = {
        "title": _decode_text(data[3:33]),
        "artist": _decode_text(data[33:63]),
        "album": _decode_text(data[63:93]),
        "date": _decode_text(data[93:97]),
        "comment": _decode_text(comment),
        "track": track,
    }
    return {name: text for name, text in texts.items() if text}


def _decode_text(field: bytes) -> str:
    """Return the text in a field, which ends at a null and is padded with nulls or spaces.

    The standard says Latin-1. Many programs write UTF-8, which other text hardly ever looks like;
    its last character may be cut where the field ends. Only ASCII has spaces here: the bytes A0
    and 85 may be parts of characters.
    """
    text = field.split(b"\0")[0].strip()
    for cut in range(4 if len(text) == len(field) else 1):
        try:
            return text[: len(text) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
    return text.decode("latin-1")
