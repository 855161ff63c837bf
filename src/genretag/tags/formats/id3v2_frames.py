"""ID3v2.2, v2.3 and v2.4 as bytes: https://id3.org/id3v2.4.0-structure and its elders.

A tag is taken apart into whole frames, header and all, so unknown, damaged and duplicate
frames go back as they came.
"""

import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from genretag.tags.formats.handler import BrokenTagsError, CannotWriteError, Item, Tag
from genretag.tags.formats.splice import GROWTH

UNSYNCHRONISED, EXTENDED, FOOTER = 0x80, 0x40, 0x10
HEADER_SIZE = 10
JUNK = ""
"""Key of what lies between the last frame and the padding and is no frame."""

ENCODINGS = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}
_FRAME_ID = {2: re.compile(rb"[A-Za-z0-9]{3}"), 3: re.compile(rb"[A-Za-z0-9]{3}[A-Za-z0-9\0 ]")}


@dataclass(frozen=True)
class Form:
    """How the frames of a tag are written: its version, flags and sizes.

    `plain_sizes` marks v2.4 tags whose writer forgot that sizes have seven bits a byte.
    """

    major: int
    revision: int = 0
    flags: int = 0
    plain_sizes: bool = False

    @classmethod
    def of(cls, tag: Tag) -> "Form":
        """Return the form that `tag` carries in its header."""
        major, revision, flags, plain = tag.header
        return cls(major, revision, flags, bool(plain))

    @property
    def header(self) -> bytes:
        """The form as the header of a Tag."""
        return bytes((self.major, self.revision, self.flags, self.plain_sizes))

    @property
    def frame_header_size(self) -> int:
        """Bytes before the content of a frame."""
        return 6 if self.major == 2 else 10

    def size(self, header: bytes) -> int:
        """Return the size of the content of a frame with this header."""
        if self.major == 2:
            return int.from_bytes(header[3:6], "big")
        if self.major == 4 and not self.plain_sizes:
            return from_syncsafe(header[4:8])
        return int.from_bytes(header[4:8], "big")

    def frame(self, key: str, content: bytes, flags: bytes = b"\0\0") -> Item:
        """Return a frame around `content`."""
        name = key.encode("latin-1")
        if self.major == 2:
            return Item(key, name + len(content).to_bytes(3, "big") + content)
        name = name.ljust(4, b"\0")  # one of v2.2, which old iTunes wrote into v2.3
        plain = self.major == 3 or self.plain_sizes
        size = len(content).to_bytes(4, "big") if plain else to_syncsafe(len(content))
        return Item(key, name + size + flags + content)


def read_total_size(header: bytes) -> int:
    """Return how long the tag is that starts with `header`, header included; 0 if none does.

    Raises:
        BrokenTagsError: its version or its size cannot be.
    """
    if not header.startswith(b"ID3") or len(header) < HEADER_SIZE:
        return 0
    if header[3] not in (2, 3, 4) or max(header[6:10]) > 127:
        raise BrokenTagsError("its ID3v2 header is wrong")
    footer = HEADER_SIZE if header[3] == 4 and header[5] & FOOTER else 0
    return HEADER_SIZE + from_syncsafe(header[6:10]) + footer


def skip_tags(file: BinaryIO) -> int:
    """Return where the file proper begins, after the ID3v2 tags that somebody put before it."""
    offset = 0
    while True:
        file.seek(offset)
        header = file.read(10)
        if len(header) < 10 or not header.startswith(b"ID3") or max(header[6:10]) > 127:
            return offset
        offset += 10 + from_syncsafe(header[6:10]) + (10 if header[5] & 0x10 else 0)


def parse(data: bytes) -> Tag:
    """Return the tag in `data`, of `read_total_size`; BrokenTagsError if it is broken."""
    major, revision, flags = data[3:6]
    # A view, as covers may be large and are kept frame by frame.
    body = memoryview(data)[HEADER_SIZE : HEADER_SIZE + from_syncsafe(data[6:10])]
    if major == 2 and flags & EXTENDED:
        raise BrokenTagsError("its ID3v2.2 tag is compressed in a way that was never defined")
    if major < 4 and flags & UNSYNCHRONISED:
        body = memoryview(bytes(body).replace(b"\xff\0", b"\xff"))
    if major > 2 and flags & EXTENDED:
        body = body[_read_extended_size(major, body) :]
    forms = [Form(major, revision, flags)]
    if major == 4:
        forms.append(Form(major, revision, flags, plain_sizes=True))
    for form in forms:
        try:
            return Tag(tuple(parse_frames(form, body)), form.header)
        except BrokenTagsError as error:
            problem = error
    raise problem


def _read_extended_size(major: int, body: memoryview) -> int:
    if _FRAME_ID[3].fullmatch(body[:4]):
        return 0  # the flag is set, but a frame follows
    if len(body) < 6:
        raise BrokenTagsError("its ID3v2 tag ends in the extended header")
    return from_syncsafe(bytes(body[:4])) if major == 4 else 4 + int.from_bytes(body[:4], "big")


def parse_frames(form: Form, body: bytes | memoryview) -> Iterator[Item]:
    """Yield the frames in `body` up to the padding; BrokenTagsError if something else is there."""
    at = 0
    width = 3 if form.major == 2 else 4
    pattern = _FRAME_ID[min(form.major, 3)]
    while at < len(body) and body[at]:
        header = bytes(body[at : at + form.frame_header_size])
        end = at + len(header) + form.size(header)
        if not pattern.fullmatch(header[:width]) or end > len(body):
            raise BrokenTagsError(f"its ID3v2 tag has no frame where one must be (byte {at})")
        if len(header) < form.frame_header_size:
            raise BrokenTagsError("its ID3v2 tag ends in the header of a frame")
        yield Item(header[:width].rstrip(b"\0 ").decode("latin-1"), bytes(body[at:end]))
        at = end
    junk = bytes(body[at:]).rstrip(b"\0")
    if junk:
        yield Item(JUNK, junk)


def render(tag: Tag, room: int) -> bytes:
    """Return `tag` as bytes: padded to `room` if it fits, else with some padding to grow into.

    The extended header, which says nothing to people and may hold a checksum of the old
    frames, and the footer, which excludes padding, are left out. So is the unsynchronisation of
    whole tags, before v2.4: nothing needs it, and FFmpeg does not understand it.
    """
    form = Form.of(tag)
    flags = form.flags & ~EXTENDED & ~FOOTER & ~(UNSYNCHRONISED if form.major < 4 else 0)
    body = [item.data for item in tag.items]
    length = sum(map(len, body))
    size = max(length, room - HEADER_SIZE)
    if HEADER_SIZE + length > room:
        size = length + GROWTH
    try:
        header = b"ID3" + bytes((form.major, form.revision, flags)) + to_syncsafe(size)
    except OverflowError as error:
        raise CannotWriteError(str(error)) from error
    return b"".join((header, *body, bytes(size - length)))


def unpack(form: Form, item: Item) -> bytes | None:
    """Return the content of a frame, decompressed; None if it is encrypted or damaged."""
    data = item.data[form.frame_header_size :]
    if form.major == 2:
        return data
    flags = item.data[9]
    try:
        return _unpack_v24(form, flags, data) if form.major == 4 else _unpack_v23(flags, data)
    except (zlib.error, struct.error):
        return None


def _unpack_v23(flags: int, data: bytes) -> bytes | None:
    compressed, encrypted, grouped = flags & 0x80, flags & 0x40, flags & 0x20
    if encrypted:
        return None
    data = data[(4 if compressed else 0) + (1 if grouped else 0) :]
    return zlib.decompress(data) if compressed else data


def _unpack_v24(form: Form, flags: int, data: bytes) -> bytes | None:
    grouped, compressed, encrypted = flags & 0x40, flags & 0x08, flags & 0x04
    unsynchronised, length = flags & 0x02 or form.flags & UNSYNCHRONISED, flags & 0x01
    if encrypted:
        return None
    data = data[(1 if grouped else 0) + (4 if length else 0) :]
    if unsynchronised:
        data = data.replace(b"\xff\0", b"\xff")
    return zlib.decompress(data) if compressed else data


def decode_values(data: bytes) -> list[str] | None:
    """Return the values in the content of a text frame; None if they cannot be decoded."""
    try:
        return _decode(data, "strict") if data else []
    except (KeyError, UnicodeDecodeError):
        return None


def decode_text(data: bytes) -> str:
    """Return the text of the content of a text frame; what cannot be decoded shows as such."""
    if data[:1] and data[0] not in ENCODINGS:
        data = b"\0" + data[1:]
    return "\0".join(_decode(data, "replace")) if data else ""


def _decode(data: bytes, errors: str) -> list[str]:
    text = data[1:].decode(ENCODINGS[data[0]], errors).rstrip("\0")
    # In UTF-16 each value has a byte order mark of its own.
    return [value.removeprefix("\ufeff") for value in text.split("\0")]


def encode_text(form: Form, texts: Sequence[str]) -> bytes:
    """Return the content of a text frame, in the plainest encoding that the version has for it.

    UTF-8 and ASCII hold no byte that looks like the start of a frame of sound, so that a
    v2.4 frame needs no unsynchronisation.
    """
    text = "\0".join(texts)
    if text.isascii():
        return b"\0" + text.encode("ascii")
    if form.major == 4:
        return b"\3" + text.encode("utf-8")
    try:
        return b"\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        return b"\1" + b"\0\0".join(_in_utf16(text) for text in texts)


def _in_utf16(text: str) -> bytes:
    return b"\xff\xfe" + text.encode("utf-16-le") if text else b""


def from_syncsafe(data: bytes) -> int:
    """Return the number in `data`, seven bits a byte."""
    number = 0
    for byte in data:
        number = number << 7 | byte & 0x7F
    return number


def to_syncsafe(number: int) -> bytes:
    """Return four bytes of seven bits each; OverflowError if `number` is too large."""
    if number >= 1 << 28:
        raise OverflowError("an ID3v2 tag cannot be larger than 256 MB")
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
