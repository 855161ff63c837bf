"""Ogg, with Vorbis comments in the second packet of a stream.

RFC 3533 (Ogg), RFC 7845 (Opus), https://xiph.org/flac/ogg_mapping.html,
https://www.speex.org/docs/manual/speex-manual/node8.html.
"""

import re
from dataclasses import dataclass
from typing import Any, BinaryIO

import mutagen.ogg

from genretag.tags.container import Container
from genretag.tags.formats.handler import BrokenTagsError, Tag
from genretag.tags.formats.vorbis import VorbisComments, parse, render

_Page: Any = mutagen.ogg.OggPage
_FLAC_HEADER = 4
_MOST_SEGMENTS = 255


@dataclass(frozen=True)
class Codec:
    """How a codec's stream begins, and what stands before its comments."""

    magic: bytes
    prefix: bytes = b""
    block: bool = False


class Ogg(VorbisComments):
    """The comments of the first stream of `codec`; zeros after them are padding."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec

    def load(self, file: BinaryIO) -> Tag | None:
        """Return the comments; every stream has some."""
        return parse(self._read_comments(self._read_pages(file)))[0]

    def store(self, file: BinaryIO, tag: Tag | None) -> None:
        """Replace the packet: within its old length if it fits, else on its old pages."""
        pages = self._read_pages(file)
        packets = _Page.to_packets(pages)
        # Vorbis ends with a framing bit, Opus may go on with data that must be kept.
        rest = parse(self._read_comments(pages))[1].rstrip(b"\0")
        head = packets[0][: self._head_size]
        body = render(tag or self.new_tag()) + rest
        body = body.ljust(len(packets[0]) - len(head), b"\0")
        if self._codec.block:
            head = head[:1] + len(body).to_bytes(3, "big")
        growth = len(head) + len(body) - len(packets[0])
        packets[0] = head + body
        new = _refill(pages, packets, growth)
        if max(map(_count_segments, new)) > _MOST_SEGMENTS:
            new = _Page.from_packets(packets)
        _Page.replace(file, pages, new)

    @property
    def _head_size(self) -> int:
        return _FLAC_HEADER if self._codec.block else len(self._codec.prefix)

    def _read_comments(self, pages: list[Any]) -> bytes:
        packets: list[bytes] = _Page.to_packets(pages)
        if not packets or not packets[0].startswith(self._codec.prefix):
            raise BrokenTagsError("its second packet holds no comments")
        return packets[0][self._head_size :]

    def _read_pages(self, file: BinaryIO) -> list[Any]:
        """Return the pages that the packet with the comments lies on."""
        file.seek(0)
        try:
            page = _Page(file)
            while not (page.first and page.packets[0].startswith(self._codec.magic)):
                page = _Page(file)
            serial = page.serial
            pages: list[Any] = []
            while not pages or not (pages[-1].complete or len(pages[-1].packets) > 1):
                page = _Page(file)
                if page.serial == serial:
                    pages.append(page)
        except (EOFError, IndexError) as error:
            raise BrokenTagsError("its Ogg stream ends before its comments do") from error
        return pages


def _refill(pages: list[Any], packets: list[bytes], growth: int) -> list[Any]:
    """Return copies of `pages` with the bytes of `packets`, of which the first has grown.

    The page that it ends on takes the growth, so that no page must be numbered anew.
    """
    data = b"".join(packets)
    copies = []
    for page in pages:
        copy = _Page()
        copy.position, copy.complete, copy.continued = page.position, page.complete, page.continued
        for packet in page.packets:
            ends = page is pages[-1] and not copy.packets
            size = len(packet) + (growth if ends else 0)
            copy.packets.append(data[:size])
            data = data[size:]
        copies.append(copy)
    return copies


def _count_segments(page: Any) -> int:
    return sum(len(packet) // 255 + 1 for packet in page.packets)


def _container(name: str, codec: Codec) -> Container:
    # The first page of each stream holds nothing but the header of its codec.
    start = re.compile(rb"OggS\x00[\x02\x03].{20}\x01.%s" % re.escape(codec.magic), re.DOTALL)

    def recognises(head: bytes, _: int) -> bool:
        return head.startswith(b"OggS") and start.search(head) is not None

    return Container(name, recognises, (Ogg(codec),))


CONTAINERS = (
    _container("Opus", Codec(b"OpusHead", b"OpusTags")),
    _container("Ogg Vorbis", Codec(b"\x01vorbis", b"\x03vorbis")),
    _container("Ogg FLAC", Codec(b"\x7fFLAC", block=True)),
    _container("Speex", Codec(b"Speex   ")),
)
