"""Damaged, lying and disguised files give what is there, or an error that names them."""

import http.server
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import mutagen.id3
import numpy as np
import pytest
from audio_files import RECIPES, encode, noise, tone, write_tone
from mutagen.flac import FLAC, Picture
from mutagen.id3 import ID3
from mutagen.mp4 import MP4, MP4Cover
from recordings import record, wav
from rights import nobody

from genretag.audio.decode import read_duration_s, read_excerpts
from genretag.domain.window import COVERAGES, Excerpt, Waveform, WindowSpec
from genretag.errors import Code, FileError

RATE_HZ = 22050
SPEC = WindowSpec(1.0)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"


def heard_in(path: Path, coverage: str = "balanced") -> list[Waveform]:
    return list(read_excerpts(path, RATE_HZ, lambda length_s: COVERAGES[coverage](length_s, SPEC)))


def refusal(path: Path) -> FileError:
    with pytest.raises(FileError) as caught:
        heard_in(path)
    assert path.name in caught.value.message
    assert caught.value.hint
    return caught.value


def seconds(waveforms: list[Waveform]) -> float:
    return sum(len(waveform.samples) for waveform in waveforms) / RATE_HZ


def is_sound_or_a_clear_error(path: Path, coverage: str) -> None:
    try:
        waveforms = heard_in(path, coverage)
    except FileError as error:
        assert error.code in (Code.NOT_AUDIO, Code.UNDECODABLE)
        assert path.name in error.message
    else:
        assert waveforms
        for waveform in waveforms:
            assert len(waveform.samples)
            assert waveform.samples.dtype == np.float32
            assert np.isfinite(waveform.samples).all()


def damaged(data: bytes, how: str, random: np.random.Generator) -> bytes:
    hurt = bytearray(data)
    first = int(random.integers(len(data) // 2))
    last = first + int(random.integers(1, len(data) // 3))
    if how == "cut off":
        return data[: int(random.integers(len(data)))]
    if how == "a piece missing":
        del hurt[first:last]
    elif how == "a piece zeroed":
        hurt[first:last] = bytes(last - first)
    elif how == "a piece overwritten":
        hurt[first:last] = random.bytes(last - first)
    else:
        reach = 1500 if how == "flips in the header" else len(data)
        for place in random.integers(min(reach, len(data)), size=12):
            hurt[place] = random.integers(256)
    return bytes(hurt)


DAMAGES = ["cut off", "a piece missing", "a piece zeroed", "a piece overwritten", "flips",
           "flips in the header"]  # fmt: skip


@pytest.mark.parametrize("container", sorted(RECIPES))
def test_damage_of_any_kind_gives_sound_or_an_error_that_names_the_file(
    container: str, tmp_path: Path
) -> None:
    recipe = RECIPES[container]
    path = encode(tmp_path / f"hurt.{recipe.suffix}", noise(3.0, recipe.rate), recipe)
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    for how in DAMAGES:
        path.write_bytes(damaged(whole, how, random))
        is_sound_or_a_clear_error(path, "balanced")
        is_sound_or_a_clear_error(path, "full")


# An MP4 file that keeps its index at its end loses everything with it.
INDEXED_AT_THE_END = ("MP4", "MP4 ALAC")


@pytest.mark.parametrize("container", sorted(set(RECIPES) - set(INDEXED_AT_THE_END)))
def test_of_a_file_cut_in_half_the_first_half_is_heard(container: str, tmp_path: Path) -> None:
    recipe = RECIPES[container]
    path = encode(tmp_path / f"half.{recipe.suffix}", noise(8.0, recipe.rate), recipe)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (first,) = read_excerpts(path, RATE_HZ, lambda _: [Excerpt(0.0, 8.0)])
    assert len(first.samples) / RATE_HZ == pytest.approx(4.0, abs=1.5)


@pytest.mark.parametrize("container", INDEXED_AT_THE_END)
def test_an_mp4_file_that_lost_its_index_is_told_to_be_damaged(
    container: str, tmp_path: Path
) -> None:
    recipe = RECIPES[container]
    path = encode(tmp_path / "half.m4a", noise(8.0, recipe.rate), recipe)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    error = refusal(path)
    assert error.code is Code.NOT_AUDIO
    assert "damaged" in error.hint


@pytest.mark.parametrize("claimed", [0, 1600, 2**31, 2**32 - 1])
def test_a_wav_header_may_claim_any_size(claimed: int, tmp_path: Path) -> None:
    data = np.full(8000 * 4, 8192, "<i2").tobytes()
    waveforms = heard_in(wav(tmp_path / "a.wav", data, claimed=claimed))
    assert waveforms
    assert all(np.median(waveform.samples) > 0.24 for waveform in waveforms)


def test_a_flac_header_that_promises_ten_times_the_sound_is_seen_through(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.flac", seconds=6.0)
    data = bytearray(path.read_bytes())
    # The total is the last 36 of the 64 bits after the frame sizes of STREAMINFO.
    packed = int.from_bytes(data[18:26], "big")
    total = packed & (2**36 - 1)
    data[18:26] = (packed - total + 10 * total).to_bytes(8, "big")
    path.write_bytes(data)
    assert read_duration_s(path) == pytest.approx(60.0, abs=0.1)
    waveforms = heard_in(path)
    assert all(waveform.start_s < 6.0 for waveform in waveforms)
    assert seconds(waveforms) >= 4.0


def test_an_mp3_of_changing_bit_rate_without_its_table_is_heard_to_its_end(
    tmp_path: Path,
) -> None:
    signal = np.concatenate([np.zeros((2, 441_000), np.float32), noise(10.0), tone(10.0)], axis=1)
    path = record(
        tmp_path / "a.mp3", signal, "libmp3lame", "mp3", "s16p",
        flags="+qscale", global_quality=str(2 * 118), mux_write_xing="0", mux_id3v2_version="0",
    )  # fmt: skip
    assert read_duration_s(path) > 45, "the header is meant to lie"
    assert seconds(heard_in(path, "full")) >= 29
    levels = [np.sqrt(np.mean(np.square(heard.samples))) for heard in heard_in(path, "balanced")]
    assert min(levels) < 1e-3 and max(levels) > 0.3


def test_what_is_shorter_than_an_excerpt_comes_as_long_as_it_is(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "a.flac", seconds=0.25)
    (heard,) = read_excerpts(path, RATE_HZ, lambda _: [Excerpt(0.0, 30.0)])
    assert len(heard.samples) / RATE_HZ == pytest.approx(0.25, abs=1e-3)


@pytest.mark.parametrize("container", ["FLAC", "Ogg FLAC", "WAV", "AIFF", "WavPack", "TTA"])
@pytest.mark.parametrize("samples", [100, 1500, 4608, 4609])
def test_files_of_a_few_samples_are_heard_whole(
    container: str, samples: int, tmp_path: Path
) -> None:
    recipe = RECIPES[container]
    path = encode(tmp_path / f"a.{recipe.suffix}", tone(samples / 44100), recipe)
    (heard,) = heard_in(path)
    assert len(heard.samples) == pytest.approx(samples / 2, abs=1)


def test_a_header_without_sound_is_undecodable(tmp_path: Path) -> None:
    assert refusal(wav(tmp_path / "a.wav", b"")).code is Code.UNDECODABLE


@pytest.mark.parametrize("old", [b"A_FLAC", b"A_VORBIS"])
def test_a_codec_that_nobody_knows_is_undecodable(old: bytes, tmp_path: Path) -> None:
    codec = "flac" if old == b"A_FLAC" else "vorbis"
    kind = "s16" if codec == "flac" else "fltp"
    path = record(tmp_path / "a.mka", tone(1.0), codec, "matroska", kind)
    path.write_bytes(path.read_bytes().replace(old, b"A_XX" + old[4:]))
    assert refusal(path).code is Code.UNDECODABLE
    assert refusal(wav(tmp_path / "a.wav", bytes(8000), tag=0x9999)).code is Code.UNDECODABLE


def test_ogg_files_in_a_chain_are_heard(tmp_path: Path) -> None:
    recipe = RECIPES["Ogg Vorbis"]
    first = encode(tmp_path / "1.ogg", tone(4.0, hz=300.0), recipe).read_bytes()
    second = encode(tmp_path / "2.ogg", tone(4.0, hz=900.0), recipe).read_bytes()
    chain = tmp_path / "chain.ogg"
    chain.write_bytes(first + second)
    assert seconds(heard_in(chain, "full")) >= 3.9


def with_cover(container: str, path: Path) -> Path:
    encode(path, tone(2.0), RECIPES[container])
    if container == "MP3":
        tag = ID3()
        tag.add(mutagen.id3.APIC(3, "image/jpeg", 3, "", JPEG * 2000))
        tag.save(path)
    elif container == "FLAC":
        audio, picture = FLAC(path), Picture()
        picture.type, picture.mime, picture.data = 3, "image/jpeg", JPEG * 2000
        audio.add_picture(picture)
        audio.save()
    else:
        mp4 = MP4(path)
        mp4["covr"] = [MP4Cover(JPEG * 2000)]
        mp4.save()
    return path


@pytest.mark.parametrize(
    ("container", "suffix"), [("MP3", "mp3"), ("FLAC", "flac"), ("MP4", "m4a")]
)
def test_a_cover_is_not_listened_to(container: str, suffix: str, tmp_path: Path) -> None:
    plain = heard_in(encode(tmp_path / f"plain.{suffix}", tone(2.0), RECIPES[container]))
    covered = heard_in(with_cover(container, tmp_path / f"covered.{suffix}"))
    assert len(plain) == len(covered)
    for one, other in zip(plain, covered, strict=True):
        assert np.array_equal(one.samples, other.samples)


def test_tags_and_a_cover_without_sound_are_not_audio(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp3"
    tag = ID3()
    tag.add(mutagen.id3.APIC(3, "image/jpeg", 3, "", JPEG * 100))
    tag.save(path)
    assert refusal(path).code is Code.NOT_AUDIO


@pytest.mark.parametrize(
    "content",
    [b"", b"\0", b"\0" * 100_000, JPEG * 100, b"%PDF-1.4\n" * 50, b"PK\x03\x04" + bytes(500),
     b"RIFF\x10\x00\x00\x00WAVE", b"fLaC", b"OggS", b"ID3\x04\0\0\0\0\x0f\x7f", b"<html></html>",
     "Zażółć gęślą jaźń\n".encode() * 20, b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0"],
    ids=lambda content: repr(content[:8]),
)  # fmt: skip
@pytest.mark.parametrize("suffix", ["mp3", "flac", "m4a"])
def test_what_only_has_the_name_of_audio_is_not_audio(
    content: bytes, suffix: str, tmp_path: Path
) -> None:
    path = tmp_path / f"disguised.{suffix}"
    path.write_bytes(content)
    assert refusal(path).code in (Code.NOT_AUDIO, Code.UNDECODABLE)


class _Bell(http.server.BaseHTTPRequestHandler):
    rung: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.rung.append(self.path)
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@pytest.mark.parametrize(
    "text",
    ["#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{url}/a.ts\n#EXT-X-ENDLIST\n",
     "ffconcat version 1.0\nfile '{url}/a.mp3'\n",
     "[playlist]\nFile1={url}/a.mp3\n"],
    ids=["hls", "concat", "pls"],
)  # fmt: skip
@pytest.mark.parametrize("suffix", ["mp3", "m3u8"])
def test_no_file_makes_a_scan_go_online(text: str, suffix: str, tmp_path: Path) -> None:
    _Bell.rung.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Bell) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        path = tmp_path / f"list.{suffix}"
        path.write_text(text.format(url=f"http://127.0.0.1:{server.server_port}"))
        assert refusal(path).code is Code.NOT_AUDIO
        server.shutdown()
    assert not _Bell.rung


def test_a_file_that_may_not_be_read_is_told_so() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        path = write_tone(folder / "locked.flac")
        path.chmod(0)
        with nobody():
            assert refusal(path).code is Code.NO_PERMISSION


@pytest.mark.parametrize(
    ("make", "code"),
    [(Path.mkdir, Code.READ_FAILED), (lambda path: path.symlink_to(path), Code.READ_FAILED),
     (lambda path: path.symlink_to("gone"), Code.NOT_FOUND), (lambda path: None, Code.NOT_FOUND)],
    ids=["folder", "loop", "dangling", "missing"],
)  # fmt: skip
def test_a_path_that_leads_to_no_file_is_told_so(make, code: Code, tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    make(path)
    assert refusal(path).code is code
