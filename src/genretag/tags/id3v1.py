"""ID3v1, the last 128 bytes of a file: https://id3.org/ID3v1."""

from collections.abc import Sequence
from typing import BinaryIO

from genretag.domain.id3v1 import ID3V1_GENRES
from genretag.tags.model import Item, Kind, Tag
from genretag.tags.names import NO_GENRE, id3v1_number
from genretag.tags.splice import size_of, splice

SIZE = 128
_GENRE = "genre"


class Id3v1(Kind):
    """One number for the genre, 255 where it has no number; never created."""

    format = "ID3v1"

    def load(self, file: BinaryIO) -> Tag | None:
        """The fields and the number; ID3v1 cannot be broken."""
        data = found(file)
        if data is None:
            return None
        return Tag((Item("fields", data[:-1]), Item(_GENRE, data[-1:])))

    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Overwrite, cut off or append the 128 bytes."""
        size = SIZE if found(file) is not None else 0
        data = b"".join(item.data for item in tag.items) if tag else b""
        splice(file, size_of(file) - size, size, data)

    def shows(self, tag: Tag) -> bool:
        """Whether it holds a text or a genre."""
        return bool(fields(tag) or self.values(tag))

    def is_genre(self, item: Item) -> bool:
        """Whether it is the number."""
        return item.key == _GENRE

    def texts(self, tag: Tag) -> list[str]:
        """The name of the number."""
        number = tag.items[-1].data[0]
        return [ID3V1_GENRES[number]] if number < len(ID3V1_GENRES) else []

    def values(self, tag: Tag) -> tuple[str, ...]:
        """The number."""
        number = tag.items[-1].data[0]
        return () if number == NO_GENRE else (str(number),)

    def encoded(self, texts: Sequence[str], tag: Tag) -> list[Item]:
        """The number of the first name that has one."""
        return [Item(_GENRE, bytes([id3v1_number(texts)]))]

    def without_genres(self, tag: Tag) -> Tag:
        """The fields alone."""
        return Tag(tag.items[:1])


def found(file: BinaryIO) -> bytes | None:
    """The 128 bytes, or None; an APEv2 footer that happens to say TAG there is none."""
    size = size_of(file)
    if size < SIZE:
        return None
    file.seek(max(0, size - SIZE - 3))
    before, data = file.read(min(3, size - SIZE)), file.read(SIZE)
    return data if data.startswith(b"TAG") and before + data[:5] != b"APETAGEX" else None


def fields(tag: Tag) -> dict[str, str]:
    """The texts of an ID3v1 tag by what they mean, empty ones left out."""
    data = tag.items[0].data
    comment, track = data[97:127], ""
    if comment[28] == 0 and comment[29]:
        comment, track = comment[:28], str(comment[29])
    texts = {
        "title": _text(data[3:33]),
        "artist": _text(data[33:63]),
        "album": _text(data[63:93]),
        "date": _text(data[93:97]),
        "comment": _text(comment),
        "track": track,
    }
    return {name: text for name, text in texts.items() if text}


def _text(field: bytes) -> str:
    """The text in a field, which ends at a null and is padded with nulls or spaces.

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
