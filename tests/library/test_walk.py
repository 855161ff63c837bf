import itertools
import os
import socket
from pathlib import Path

import pytest

from genretag.domain.outcome import Failed, Skipped
from genretag.errors import Code, UsageError
from genretag.library import places
from genretag.library.ahead import Ahead
from genretag.library.walk import Walk


def made(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def found(*paths: Path, **options: object) -> list[str]:
    root = Path(os.path.commonpath(paths))
    files = Walk(**options).files(paths)
    return [str(file.relative_to(root)) for file in files if isinstance(file, Path)]


def test_files_come_in_the_order_that_people_expect(tmp_path: Path) -> None:
    made(tmp_path, "10.mp3", "9.mp3", "a 2.flac", "A 10.flac", "b/1.ogg", "a/z.wav", "c.txt")
    assert found(tmp_path) == ["9.mp3", "10.mp3", "a/z.wav", "a 2.flac", "A 10.flac", "b/1.ogg"]


def test_overlapping_paths_give_each_file_once_in_any_order(tmp_path: Path) -> None:
    made(tmp_path, "a/1.mp3", "a/b/2.mp3", "c/3.mp3")
    paths = (tmp_path, tmp_path / "a", tmp_path / "a" / "b" / "2.mp3", tmp_path / "c")
    for order in itertools.permutations(paths):
        files = [str(file) for file in Walk().files(order)]
        assert sorted(files) == sorted(set(files))
        assert len(files) == 3


def test_excluded_names_and_paths_are_left_out_with_all_below(tmp_path: Path) -> None:
    made(tmp_path, "a.mp3", "a.wav", "Podcasts/b.mp3", "x/Podcasts/deep/c.mp3", "x/d.mp3")
    assert found(tmp_path, exclude=("*.wav", "Podcasts")) == ["a.mp3", "x/d.mp3"]
    assert found(tmp_path, exclude=(f"{tmp_path}/x/*",)) == ["a.mp3", "a.wav", "Podcasts/b.mp3"]


def test_hidden_files_and_rubbish_are_left_out(tmp_path: Path) -> None:
    made(tmp_path, "._a.mp3", ".hidden/a.mp3", "@eaDir/a.mp3", "#recycle/a.mp3", "a.mp3",
         ".DS_Store", "$RECYCLE.BIN/a.mp3")  # fmt: skip
    assert found(tmp_path) == ["a.mp3"]


def test_links_in_folders_are_followed_only_if_asked_and_loops_end(tmp_path: Path) -> None:
    made(tmp_path, "music/a.mp3", "other/b.mp3")
    music = tmp_path / "music"
    (music / "loop").symlink_to(music)
    (music / "other").symlink_to(tmp_path / "other")
    (music / "c.mp3").symlink_to(music / "a.mp3")
    assert found(music) == ["a.mp3"]
    assert found(music, follow_symlinks=True) == ["a.mp3", "c.mp3", "other/b.mp3"]
    assert [str(file) for file in Walk().files([music / "c.mp3"])] == [str(music / "c.mp3")]


def test_a_link_to_nowhere_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").symlink_to(tmp_path / "gone.mp3")
    (outcome,) = Walk(follow_symlinks=True).files([tmp_path])
    assert isinstance(outcome, Failed) and outcome.error.code is Code.NOT_FOUND


def test_what_is_no_regular_file_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.mp3")
    (tmp_path / "b.mp3").mkdir()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "c.mp3"))
        outcomes = list(Walk().files([tmp_path]))
    assert [outcome.path.name for outcome in outcomes] == ["a.mp3", "c.mp3"]
    assert {type(outcome) for outcome in outcomes} == {Skipped}


def test_an_empty_file_is_skipped_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").touch()
    (outcome,) = Walk().files([tmp_path])
    assert isinstance(outcome, Skipped) and outcome.reason == "empty file"


def test_a_named_file_is_given_whatever_its_name_says(tmp_path: Path) -> None:
    made(tmp_path, "song.dat")
    assert found(tmp_path) == []
    assert [*Walk().files([tmp_path / "song.dat"])] == [tmp_path / "song.dat"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    made(tmp_path, "a/1.mp3", "b/2.mp3")
    (tmp_path / "a").chmod(0)
    outcomes = list(Walk().files([tmp_path]))
    (tmp_path / "a").chmod(0o700)
    assert isinstance(outcomes[0], Failed) and outcomes[0].error.code is Code.NO_PERMISSION
    assert outcomes[1] == tmp_path / "b" / "2.mp3"


def test_a_path_that_does_not_exist_is_refused_before_anything_is_given(tmp_path: Path) -> None:
    made(tmp_path, "a.mp3")
    with pytest.raises(UsageError, match="gone"):
        Walk().files([tmp_path, tmp_path / "gone"])


def test_a_folder_is_read_only_when_its_turn_comes(tmp_path: Path) -> None:
    made(tmp_path, "a/1.mp3", "b/2.mp3")
    files = Walk().files([tmp_path])
    assert next(files) == tmp_path / "a" / "1.mp3"
    made(tmp_path, "b/3.mp3")
    assert [*files] == [tmp_path / "b" / "2.mp3", tmp_path / "b" / "3.mp3"]


def test_odd_names_are_given_as_they_are(tmp_path: Path) -> None:
    names = ["new\nline.mp3", "\x1b[31m.mp3", os.fsdecode(b"\xff.mp3"), "🎵.mp3"]
    made(tmp_path, *names)
    assert sorted(found(tmp_path)) == sorted(names)


def test_running_ahead_keeps_the_order_and_knows_the_length() -> None:
    ahead = Ahead(range(1000))
    assert [*ahead] == [*range(1000)]
    assert (ahead.found, ahead.complete) == (1000, True)
    assert [*ahead] == []


def test_an_error_comes_where_its_item_would_have_come() -> None:
    def items():
        yield 1
        raise OSError("gone")

    ahead = Ahead(items())
    assert next(ahead) == 1
    with pytest.raises(OSError, match="gone"):
        next(ahead)
    assert [*ahead] == []


@pytest.mark.parametrize(
    ("variable", "place"),
    [("GENRETAG_CONFIG", places.config_file), ("GENRETAG_CACHE_DIR", places.cache_dir),
     ("GENRETAG_DATA_DIR", places.data_dir)],
)  # fmt: skip
def test_the_environment_moves_genretags_own_files(variable, place, monkeypatch) -> None:
    monkeypatch.delenv(variable, raising=False)
    assert "genretag" in str(place())
    monkeypatch.setenv(variable, "/elsewhere")
    assert place() == Path("/elsewhere")
