"""The containers that genretag can tag: how content tells them, and where their genres are."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import BinaryIO

from genretag.tags import asf, frames, id3v1, ogg
from genretag.tags.aiff import AiffTexts
from genretag.tags.apev2 import Apev2
from genretag.tags.id3 import ChunkId3v2, LeadingId3v2, TrailingId3v2
from genretag.tags.id3v1 import Id3v1
from genretag.tags.model import BrokenTagsError, Kind
from genretag.tags.mp4 import Mp4
from genretag.tags.riff import RiffInfo
from genretag.tags.splice import size_of, skip_id3v2
from genretag.tags.vorbis import Flac

_HEAD = 5 << 14
"""How many bytes are looked at, the most that any sign of a container may need."""

_MOST_ZEROS = 1 << 20
"""How many bytes of zeros may come before frames of sound."""

Test = Callable[[bytes, int], bool]
"""From the bytes after any ID3v2 tags, and how many bytes those take, to yes or no."""


@dataclass(frozen=True)
class Container:
    """One row: a container, how the start of a file tells it, and its tags.

    Attributes:
        recognises: whether a file that starts so is one.
        homes: the tags where a genre belongs, in the order in which players read them: the first
            that shows them anything gets it.
        made: the home that a file gets which has none, if that is not the first.
        mirrors: tags that are kept in step where they exist and are never made.
        others: tags that players may read all the same; only `fix_stale` updates them.
    """

    name: str
    recognises: Test
    homes: tuple[Kind, ...]
    mirrors: tuple[Kind, ...] = ()
    others: tuple[Kind, ...] = ()
    made: Kind | None = None

    @property
    def new_home(self) -> Kind:
        """The home that a file gets which has none."""
        return self.made or self.homes[0]

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """All tags, the most telling first."""
        return tuple(dict.fromkeys(self.homes + self.mirrors + self.others))


def _starts(*magics: bytes) -> Test:
    return lambda head, _: head.startswith(magics)


def _form(outer: bytes, *inner: bytes) -> Test:
    return lambda head, _: head.startswith(outer) and head[8:12] in inner


def _ogg(codec: ogg.Codec) -> Test:
    # The first page of each stream holds nothing but the header of its codec.
    start = re.compile(rb"OggS\x00[\x02\x03].{20}\x01.%s" % re.escape(codec.magic), re.DOTALL)
    return lambda head, _: head.startswith(b"OggS") and start.search(head) is not None


_PICTURE_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis", b"crx ")


def _mp4(head: bytes, _: int) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] not in _PICTURE_BRANDS


ID3V2, ID3V1, APEV2 = LeadingId3v2(), Id3v1(), Apev2()
FLAC, INFO = Flac(), RiffInfo()


def _row(
    name: str,
    recognises: Test,
    *homes: Kind,
    mirrors: tuple[Kind, ...] = (),
    others: tuple[Kind, ...] = (),
) -> Container:
    return Container(name, recognises, homes, mirrors, others)


def _with_id3(name: str, recognises: Test) -> Container:
    return _row(name, recognises, ID3V2, APEV2, mirrors=(ID3V1,))


def _with_apev2(name: str, *magics: bytes) -> Container:
    return _row(name, _starts(*magics), APEV2, ID3V2, mirrors=(ID3V1,))


def _with_comments(name: str, codec: ogg.Codec) -> Container:
    return _row(name, _ogg(codec), ogg.Ogg(codec))


CONTAINERS: Mapping[str, Container] = MappingProxyType(
    {
        row.name: row
        for row in (
            _row("FLAC", _starts(b"fLaC"), FLAC, ID3V2, others=(ID3V1, APEV2)),
            _with_comments("Opus", ogg.OPUS),
            _with_comments("Ogg Vorbis", ogg.VORBIS),
            _with_comments("Ogg FLAC", ogg.FLAC),
            _with_comments("Speex", ogg.SPEEX),
            _row("MP4", _mp4, Mp4()),
            _row("ASF", _starts(asf.HEADER), asf.Asf()),
            _row("WAV", _form(b"RIFF", b"WAVE"), ChunkId3v2("little", b"id3 ", b"ID3 "), INFO,
                 mirrors=(INFO,)),
            _row("AIFF", _form(b"FORM", b"AIFF", b"AIFC"), ChunkId3v2("big", b"ID3 ", b"id3 "),
                 others=(AiffTexts(),)),
            _row("DSF", _starts(b"DSD "), TrailingId3v2()),
            _with_apev2("Monkey's Audio", b"MAC "),
            _with_apev2("WavPack", b"wvpk"),
            _with_apev2("Musepack", b"MP+", b"MPCK"),
            _with_apev2("OptimFROG", b"OFR "),
            # TagLib and mutagen look for ID3 alone in TTA, and FFmpeg for APEv2 first.
            _row("TTA", _starts(b"TTA1", b"TTA2"), ID3V2, mirrors=(APEV2, ID3V1)),
            # Last, because frames of sound are the weakest sign.
            # mutagen takes AAC behind an ID3v2 tag for MP3 and cannot open it.
            replace(_with_id3("AAC", frames.adts), made=APEV2),
            _with_id3("MP3", frames.mpeg),
        )
    }
)  # fmt: skip
"""Every container that genretag can tag, by name; the first row that recognises a file has it."""


def sound(file: BinaryIO, container: Container) -> tuple[int, int] | None:
    """From where to where `file` is sound alone; None where tags lie inside the structure."""
    if not set(container.kinds) <= {ID3V2, ID3V1, APEV2, FLAC}:
        return None
    start = FLAC.sound_start(file) if FLAC in container.kinds else skip_id3v2(file)
    end = size_of(file) - (id3v1.SIZE if id3v1.found(file) else 0)
    start_of_apev2 = APEV2.start(file)
    return start, end if start_of_apev2 is None else start_of_apev2


def recognised(file: BinaryIO) -> Container | None:
    """The row that `file` belongs to by its content, or None.

    Raises:
        BrokenTagsError: an ID3v2 tag is longer than the file.
    """
    tagged = skip_id3v2(file)
    if tagged > size_of(file):
        raise BrokenTagsError("its ID3v2 tag is cut off")
    head = _head(file, tagged)
    return next((row for row in CONTAINERS.values() if row.recognises(head, tagged)), None)


def _head(file: BinaryIO, start: int) -> bytes:
    """The bytes from `start` on; where they are all zeros, from the last of these on."""
    file.seek(start)
    head = file.read(_HEAD)
    if any(head):
        return head
    while head and not any(head) and file.tell() < start + _MOST_ZEROS:
        head = file.read(_HEAD)
    sound = file.tell() - len(head.lstrip(b"\0"))
    file.seek(max(start, sound - 1))
    return file.read(_HEAD)
