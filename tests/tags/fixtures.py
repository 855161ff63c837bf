"""Files in each container with no tags, with full tags, and with tags that do not decode.

mutagen writes the full ones; what it would never write is patched in afterwards.
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import mutagen.id3
from audio_files import CRAFTED, make
from mutagen.aiff import AIFF
from mutagen.apev2 import APEv2, APEValue
from mutagen.asf import ASF, ASFByteArrayAttribute, ASFDWordAttribute, ASFUnicodeAttribute
from mutagen.dsf import DSF
from mutagen.flac import FLAC, Picture
from mutagen.id3 import ID3
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm
from mutagen.ogg import OggPage
from mutagen.wave import WAVE

OLD = "Old Genre"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
TITLE = "Tïtle of the sóng"
PLACEHOLDER = "placeholder"

ID3_FILES = ("MP3", "MP2", "AAC", "TTA", "WAV", "AIFF", "DSF")
COMMENT_FILES = ("FLAC", "Opus", "Ogg Vorbis", "Ogg FLAC", "Speex")
MP4_FILES = ("MP4", "MP4 moov first", "MP4 fragmented", "MP4 ALAC")
APE_FILES = ("Monkey's Audio", "WavPack", "Musepack", "OptimFROG")


@cache
def pristine(name: str) -> tuple[str, bytes]:
    """Suffix and bytes of a file without tags; made once."""
    with TemporaryDirectory() as folder:
        path = make(name, Path(folder))
        return path.suffix, path.read_bytes()


def empty(name: str, folder: Path) -> Path:
    """A file without tags."""
    suffix, data = pristine(name)
    path = folder / f"file{suffix}"
    path.write_bytes(data)
    return path


def payload(path: Path, name: str) -> str:
    """A digest of the sound: its packets, or the bytes before the tags where FFmpeg cannot tell.

    FFmpeg takes the last frame of Monkey's Audio to reach to the end of the file.
    """
    digest = hashlib.sha256()
    if name in CRAFTED and name != "Speex":
        size = len(pristine(name)[1])
        start = 28 if name == "DSF" else 0  # the header of DSF counts the tag
        return hashlib.sha256(path.read_bytes()[start:size]).hexdigest()
    with av.open(str(path), metadata_errors="ignore") as container:
        for packet in container.demux(container.streams.audio[0]):
            digest.update(bytes(packet))
            digest.update(str((packet.pts, packet.size)).encode())
    return digest.hexdigest()


def frames(genre: str = OLD) -> list[Any]:
    """ID3 frames of many kinds, ID3v2.3's own among them."""
    of = mutagen.id3
    return [
        of.TIT2(1, [TITLE]), of.TPE1(1, ["Ärtist"]), of.TALB(0, ["Album"]), of.TRCK(0, ["3/9"]),
        of.TCON(0, [genre]), of.TYER(0, ["1999"]), of.TDAT(0, ["2406"]), of.TSIZ(0, ["12345"]),
        of.TXXX(1, "replaygain_track_gain", ["-6.5 dB"]), of.COMM(1, "deu", "Ünterschrift", ["Ö"]),
        of.USLT(1, "eng", "", "La la la"), of.UFID("http://musicbrainz.org", b"abc"),
        of.PRIV("owner", b"\0\xff\xfe\xe0"), of.POPM("a@b", 196, 7), of.WOAR("http://x.org"),
        of.GEOB(1, "text/plain", "näme", "desc", b"data"), of.APIC(1, "image/png", 3, "Cöver", PNG),
        of.RVAD([12, 34]), of.IPLS(1, [["a", "b"]]),
    ]  # fmt: skip


def _full_id3(path: Path, name: str) -> None:
    holder: Any = {"WAV": WAVE, "AIFF": AIFF, "DSF": DSF}.get(name)
    if holder is None:
        tag = ID3()
        for frame in frames():
            tag.add(frame)
        # Of raw AAC and TTA with ID3v1, FFmpeg shows that alone.
        tag.save(path, v2_version=3, v1=0 if name in ("AAC", "TTA") else 2)
    else:
        audio = holder(path)
        audio.add_tags()
        for frame in frames():
            if frame.FrameID != "PRIV":  # with one, FFmpeg leaves out the ID3 tag of a WAV file
                audio.tags.add(frame)
        audio.tags.save(path, v2_version=3)


def _full_comments(path: Path, name: str) -> None:
    audio: Any = mutagen.File(path)
    if audio.tags is None:
        audio.add_tags()
    audio["TITLE"] = [TITLE]
    audio["ARTIST"] = ["Ärtist", "Another = one"]
    audio["genre"] = [OLD, "Another"]
    audio["REPLAYGAIN_TRACK_GAIN"] = ["-6.5 dB"]
    if isinstance(audio, FLAC):
        picture = Picture()
        picture.type, picture.mime, picture.data = 3, "image/png", PNG
        audio.add_picture(picture)
    audio.save()


def _full_mp4(path: Path, name: str) -> None:
    audio = MP4(path)
    audio["\xa9nam"], audio["\xa9ART"], audio["\xa9gen"] = [TITLE], ["Ärtist", "B"], [OLD]
    audio["trkn"], audio["cpil"], audio["tmpo"] = [(3, 9)], True, [120]
    audio["covr"] = [MP4Cover(PNG, MP4Cover.FORMAT_PNG)]
    audio["----:com.apple.iTunes:MOOD"] = [MP4FreeForm(b"calm"), MP4FreeForm(b"\xff\xfe", 0)]
    audio.save()


def _full_asf(path: Path, name: str) -> None:
    audio = ASF(path)
    audio["Title"], audio["Author"] = [TITLE], ["Ärtist"]
    audio["WM/Genre"] = [ASFUnicodeAttribute(OLD), ASFUnicodeAttribute("Another")]
    audio["WM/TrackNumber"] = [ASFDWordAttribute(3)]
    audio["WM/Picture"] = [ASFByteArrayAttribute(PNG)]
    audio["Composer"] = [ASFUnicodeAttribute("Ä"), ASFUnicodeAttribute("B", language=0, stream=0)]
    audio.save()


def _full_ape(path: Path, name: str) -> None:
    tag = APEv2()
    tag["Title"], tag["Artist"], tag["genre"] = TITLE, ["Ärtist", "B"], [OLD, "Another"]
    tag["Cover Art (Front)"] = APEValue(b"cover.png\0" + PNG, 1)
    tag["Link"] = APEValue("http://x.org", 2)
    tag.save(path)


_FULL: Mapping[tuple[str, ...], Callable[[Path, str], None]] = {
    ID3_FILES: _full_id3,
    COMMENT_FILES: _full_comments,
    MP4_FILES: _full_mp4,
    ("ASF",): _full_asf,
    APE_FILES: _full_ape,
}


def full(name: str, folder: Path) -> Path:
    """A file with many tags of all kinds, and an old genre."""
    path = empty(name, folder)
    next(fill for names, fill in _FULL.items() if name in names)(path, name)
    return path


def frame(key: bytes, content: bytes, flags: bytes = b"\0\0") -> bytes:
    """An ID3v2.3 frame."""
    return key + len(content).to_bytes(4, "big") + flags + content


UNDECODABLE = (
    frame(b"TIT2", b"\1\xff\xfe\0\xd8\0"),  # half a character
    frame(b"TPE1", b"\x09What encoding is this?"),
    frame(b"TPE1", b"\0A second artist frame"),
    frame(b"TCON", b"\0" + OLD.encode()),
    frame(b"TALB", b""),
    frame(b"XYZW", b"\xde\xad\xbe\xef"),
    frame(b"APIC", b"\0not a picture"),
    frame(b"ENCR", b"\0\x80\1\2\3", b"\0\x40"),  # encrypted
    frame(b"TT2\0", b"\0An ID of ID3v2.2"),
)
"""Frames that mutagen loses when it saves them."""


def id3(*parts: bytes, major: int = 3, flags: int = 0, padding: int = 0) -> bytes:
    """An ID3v2 tag around frames."""
    body = b"".join(parts) + bytes(padding)
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3" + bytes((major, 0, flags)) + size + body


def with_id3(path: Path, name: str, tag: bytes) -> Path:
    """Put `tag` where this container keeps ID3v2."""
    data = path.read_bytes()
    if name == "DSF":
        head = data[:12] + (len(data) + len(tag)).to_bytes(8, "little")
        data = head + len(data).to_bytes(8, "little") + data[28:] + tag
    elif name in ("WAV", "AIFF"):
        order: Any = "little" if name == "WAV" else "big"
        chunk = (b"id3 " if name == "WAV" else b"ID3 ") + len(tag).to_bytes(4, order) + tag
        data += chunk + bytes(len(chunk) % 2)
        data = data[:4] + (len(data) - 8).to_bytes(4, order) + data[8:]
    else:
        data = tag + data
    path.write_bytes(data)
    return path


def _patched(path: Path, old: bytes, new: bytes) -> None:
    """Replace bytes, and the checksums of Ogg pages with them."""
    assert len(old) == len(new)
    data = path.read_bytes()
    assert old in data
    data = data.replace(old, new)
    if data.startswith(b"OggS"):
        file, pages = BytesIO(data), []
        while file.tell() < len(data):
            pages.append(OggPage(file).write())
        data = b"".join(pages)
    path.write_bytes(data)


def unparseable(name: str, folder: Path) -> Path:
    """A file with tags that do not decode, and an old genre that does."""
    path = empty(name, folder)
    garbage = b"\xff\xfe\xc3\x28\xa0\xa1\xe2\x28\xa1\xf0\x28"  # not UTF-8
    if name in ID3_FILES:
        return with_id3(path, name, id3(*UNDECODABLE))
    path = full(name, folder)
    if name == "ASF":
        audio = ASF(path)
        audio["Title"] = ASF(path)["Title"]
        audio["Mood"] = [PLACEHOLDER]
        audio.save()
        half = b"\0\xd8" + PLACEHOLDER[1:].encode("utf-16-le")
        _patched(path, PLACEHOLDER.encode("utf-16-le"), half)
        return path
    if name in MP4_FILES:
        audio4 = MP4(path)
        audio4["\xa9lyr"] = [PLACEHOLDER]
        audio4.save()
        _patched(path, b"tmpo", b"\1\2\3\4")
    elif name in COMMENT_FILES:
        audio_: Any = mutagen.File(path)
        audio_["MOOD"], audio_["NOEQUALS"] = [PLACEHOLDER], ["sign"]
        audio_.save()
        _patched(path, b"NOEQUALS=", b"NOEQUALS_")
    else:
        tag = APEv2(path)
        tag["Mood"] = PLACEHOLDER
        tag.save(path)
    _patched(path, PLACEHOLDER.encode(), garbage)
    return path


FIXTURES: Mapping[str, Callable[[str, Path], Path]] = {
    "empty": empty,
    "full": full,
    "unparseable": unparseable,
}
