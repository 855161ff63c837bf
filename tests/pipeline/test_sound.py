"""That the sound of two files is the same is told byte by byte, or by FFmpeg, and never wrongly."""

from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import pytest
from audio_files import CRAFTED
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from one_shot import audio_span, other_fields
from writers import FILES, empty, fill, full, genre_lists, tag_sets

from genretag import tags
from genretag.audio import audio_digest, bitstream
from genretag.errors import GenretagError

KNOWN = (
    "FLAC", "Opus", "Ogg Vorbis", "Ogg FLAC", "Speex", "MP4", "MP4 moov first", "MP4 ALAC", "WAV",
    "AIFF",
)  # fmt: skip
"""Files whose sound is found without FFmpeg."""

relaxed = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def found_same(one: Path, other: Path) -> bool:
    """Whether the bytes alone are enough to tell that the sound is the same."""
    try:
        return all(
            a == b
            for a, b in zip_longest(bitstream.read_essence(one), bitstream.read_essence(other))
        )
    except bitstream.UnknownLayoutError:
        return False


def nothing_known(path: Path) -> None:
    return None


@pytest.mark.parametrize("kind", KNOWN)
def test_new_genres_are_told_from_new_sound_without_ffmpeg(kind: str, tmp_path: Path) -> None:
    for make in (empty, full):
        (folder := tmp_path / make.__name__).mkdir()
        one = make(kind, folder)
        other = one.rename(one.with_stem("other"))
        one = make(kind, folder)
        assert found_same(one, other)
        tags.write(other, ("Rock", "x" * 300))
        assert found_same(one, other)
        assert audio_digest.same_audio(one, other, audio_span)


@pytest.mark.parametrize("kind", FILES)
@given(found=tag_sets, genres=genre_lists)
@relaxed
def test_what_tags_say_does_not_matter(
    kind: str, found: dict[str, list[str]], genres: list[str]
) -> None:
    with TemporaryDirectory() as name:
        one = empty(kind, Path(name)).rename(Path(name, "one"))
        other = empty(kind, Path(name))
        fill(other, kind, found)
        tags.write(other, genres)
        assert audio_digest.same_audio(one, other, audio_span)


@pytest.mark.parametrize("kind", KNOWN)
@given(data=st.data())
@settings(relaxed, max_examples=60)
def test_bytes_never_say_the_same_where_ffmpeg_says_another(kind: str, data: st.DataObject) -> None:
    """Together with the tags, which are compared too."""
    with TemporaryDirectory() as name:
        one = full(kind, Path(name)).rename(Path(name, "one"))
        damaged = bytearray(one.read_bytes())
        for _ in range(data.draw(st.integers(1, 3))):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
        other = Path(name, "other")
        other.write_bytes(damaged)
        with suppress(GenretagError):
            if other_fields(other) == other_fields(one) and found_same(one, other):
                assert audio_digest.digest(one) == audio_digest.digest(other)


@pytest.mark.parametrize("kind", [kind for kind in FILES if kind not in CRAFTED])
def test_any_other_byte_of_sound_is_found(kind: str, tmp_path: Path) -> None:
    one = empty(kind, tmp_path).rename(tmp_path / "one")
    with av.open(str(one)) as container:
        packets = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    data = bytearray(one.read_bytes())
    data[data.index(packets[len(packets) // 2]) + 20] ^= 0x10
    other = tmp_path / "other"
    other.write_bytes(data)
    assert not audio_digest.same_audio(one, other, audio_span)


@pytest.mark.parametrize("kind", KNOWN)
def test_what_is_cut_off_is_never_the_same(kind: str, tmp_path: Path) -> None:
    one = empty(kind, tmp_path).rename(tmp_path / "one")
    other = tmp_path / "other"
    for share in (0.1, 0.5, 0.9):
        other.write_bytes(one.read_bytes()[: int(one.stat().st_size * share)])
        assert not audio_digest.same_audio(one, other, nothing_known)
