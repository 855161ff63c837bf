"""A file is known again by its sound, whatever its tags and its name."""

import shutil
from pathlib import Path

import pytest
from audio_files import CRAFTED, RECIPES, encode, noise
from writers import FILES, empty, full

from genretag import tags
from genretag.audio import payload
from genretag.audio.identity import identity

TAGGED = [kind for kind in FILES if kind != "MP4 fragmented"]


def known(path: Path) -> bytes:
    return identity(path, tags.sound(path))


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
    assert not payload.same(one, other, tags.sound)
    assert known(one) != known(other)


def test_a_cut_file_is_another(tmp_path: Path) -> None:
    one = encode(tmp_path / "a.wav", noise(2.0), RECIPES["WAV"])
    before = known(one)
    one.write_bytes(one.read_bytes()[:-1000])
    assert known(one) != before


def test_a_file_that_nobody_knows_stands_for_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.mka"
    path.write_bytes(b"x" * 100_000)
    before = identity(path, None)
    path.write_bytes(b"x" * 99_999 + b"y")
    assert identity(path, None) != before
    (tmp_path / "empty").touch()
    assert len(identity(tmp_path / "empty", None)) == 16
