"""A file is known again by its sound, whatever its tags and its name."""

import os
import shutil
from pathlib import Path

import pytest
from audio_files import CRAFTED, RECIPES, dsf, encode, noise
from mutagen.id3 import ID3, TIT2
from one_shot import audio_span
from recordings import record, wav
from sound_pairs import ALIKE, COMPRESSED, UNCOMPRESSED, pair
from writers import FILES, empty, full

from genretag import tags
from genretag.audio import audio_digest, bitstream
from genretag.audio.fingerprint import fingerprint
from genretag.errors import FileError

TAGGED = [kind for kind in FILES if kind != "MP4 fragmented"]


def sound(path: Path) -> tuple[int, int] | None:
    try:
        return audio_span(path)
    except FileError:
        return None


def known(path: Path) -> bytes | None:
    return fingerprint(path, sound(path))


@pytest.mark.parametrize("kind", TAGGED)
@pytest.mark.parametrize("make", [empty, full])
def test_neither_tags_nor_a_name_make_a_sound_another(kind: str, make, tmp_path: Path) -> None:
    path = make(kind, tmp_path)
    before = known(path)
    # So much that no padding takes it in, and that pages of Ogg are counted anew.
    tags.write(path, ("Rock", *("x" * 4000 + str(n) for n in range(30))))
    assert known(path) == before
    tags.write(path, ())
    assert known(shutil.move(path, path.with_stem("another name"))) == before


@pytest.mark.parametrize("kind", sorted(set(TAGGED) - set(CRAFTED)))
def test_another_sound_is_another(kind: str, tmp_path: Path) -> None:
    one, other = (
        encode(tmp_path / f"{seed}.{RECIPES[kind].suffix}", noise(2.0, seed=seed), RECIPES[kind])
        for seed in (1, 2)
    )
    assert not audio_digest.same_audio(one, other, audio_span)
    assert known(one) != known(other)


def test_a_cut_file_is_another(tmp_path: Path) -> None:
    one = encode(tmp_path / "a.wav", noise(2.0), RECIPES["WAV"])
    before = known(one)
    one.write_bytes(one.read_bytes()[:-1000])
    assert known(one) != before


def test_a_file_that_nobody_knows_stands_for_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.mka"
    path.write_bytes(b"x" * 100_000)
    before = fingerprint(path, None)
    path.write_bytes(b"x" * 99_999 + b"y")
    assert fingerprint(path, None) != before
    (tmp_path / "empty").touch()
    assert len(fingerprint(tmp_path / "empty", None)) == 16


def three_places(path: Path) -> tuple[int, list[bytes]]:
    """How long the sound is stored, and what lies at its start, its middle and its end."""
    with path.open("rb") as file:
        place = bitstream.locate_audio(file) or bitstream.AudioLocation(
            (0, bitstream.file_size(file))
        )
        start, end = sound(path) or place.audio
        data = path.read_bytes()[start:end]
    middle = len(data) // 2
    found = [data[:ALIKE], data[middle : middle + ALIKE], data[-ALIKE:]]
    # The checksums in the headers of Ogg pages are about what is elsewhere too.
    return end - start, [b"".join(page[27:] for page in part.split(b"OggS")) for part in found]


@pytest.mark.parametrize("kind", [*UNCOMPRESSED, "DSF", *COMPRESSED])
def test_sounds_that_are_alike_in_three_places_are_two(kind: str, tmp_path: Path) -> None:
    one, other = pair(kind, tmp_path)
    assert three_places(one) == three_places(other)
    assert known(one) is not None
    assert known(one) != known(other)


FORMS = [
    {"channels": 2, "rate": 8000},
    {"channels": 1, "rate": 16000},
    {"channels": 1, "rate": 8000, "bits": 8},
    {"channels": 1, "rate": 8000, "bits": 8, "tag": 7},  # mu-law
]


def test_the_same_bytes_read_another_way_are_another_sound(tmp_path: Path) -> None:
    data = bytes(range(256)) * 64
    found = {known(wav(tmp_path / f"{n}.wav", data, **form)) for n, form in enumerate(FORMS)}
    found.add(known(wav(tmp_path / "plain.wav", data)))
    assert len(found) == len(FORMS) + 1


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("aiff", b"\x40\x0e\xac\x44", b"\x40\x0d\xac\x44"),  # half the rate, as a long double
        ("aifc", b"sowt", b"NONE"),
        ("dsf", (2822400).to_bytes(4, "little"), (5644800).to_bytes(4, "little")),
        ("w64", (44100).to_bytes(4, "little"), (22050).to_bytes(4, "little")),
        ("caf", b"lpcm\0\0\0\2", b"lpcm\0\0\0\0"),  # the order of bytes
        ("au", (44100).to_bytes(4, "big"), (22050).to_bytes(4, "big")),
        ("mov", b"sowt", b"twos"),
    ],
)
def test_so_they_are_in_every_container_without_compression(
    name: str, old: bytes, new: bytes, tmp_path: Path
) -> None:
    path, muxer = tmp_path / f"a.{name}", name.replace("aifc", "aiff")
    if name == "dsf":
        path.write_bytes(dsf())
    else:
        codec = "pcm_s16be" if name in ("aiff", "au") else "pcm_s16le"
        record(path, noise(0.5), codec, muxer)
    before, data = known(path), path.read_bytes()
    assert data.count(old) >= 1
    path.write_bytes(data.replace(old, new, 1))
    assert known(path) not in (None, before)


def test_a_flac_file_without_a_checksum_is_known_by_all_of_it(tmp_path: Path) -> None:
    one, other = pair("FLAC", tmp_path)
    for path in (one, other):
        data = bytearray(path.read_bytes())
        data[26:42] = bytes(16)
        path.write_bytes(data)
    assert known(one) != known(other)


def test_titles_that_others_write_make_no_sound_another(tmp_path: Path) -> None:
    paths = [pair(kind, tmp_path)[0] for kind in ("WAV", "AIFF", "MP3")]
    before = [known(path) for path in paths]
    for path in paths[:2]:
        tags.write(path, ("Rock",))
    ID3().save(paths[2])
    tag = ID3(paths[2])
    tag.add(TIT2(3, ["Title"]))
    tag.save(paths[2], v1=2)
    assert [known(path) for path in paths] == before


def test_a_sound_too_long_to_read_is_not_known_again(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.wav", noise(0.1), RECIPES["WAV"])
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = (1 << 31).to_bytes(4, "little")
    path.write_bytes(data)
    os.truncate(path, 3 << 30)  # takes no room
    assert known(path) is None
