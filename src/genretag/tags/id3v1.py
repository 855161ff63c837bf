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

    def encoded(self, names: Sequence[str], tag: Tag) -> list[Item]:
        """The number of the first name that has one."""
        return [Item(_GENRE, bytes([id3v1_number(names)]))]

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


def fields(data: bytes) -> dict[str, str]:
    """The texts of an ID3v1 tag by the ID3v2.4 frame that means the same, empty ones left out."""
    comment, track = data[97:127], ""
    if comment[28] == 0 and comment[29]:
        comment, track = comment[:28], str(comment[29])
    raw = {"TIT2": data[3:33], "TPE1": data[33:63], "TALB": data[63:93], "TDRC": data[93:97]}
    texts = {key: value.split(b"\0")[0].decode("latin-1").strip() for key, value in raw.items()}
    texts["COMM"] = comment.split(b"\0")[0].decode("latin-1").strip()
    texts["TRCK"] = track
    return {key: text for key, text in texts.items() if text}


def number(data: bytes) -> int | None:
    """The number of the genre, None for 255."""
    return None if data[-1] == NO_GENRE else data[-1]
