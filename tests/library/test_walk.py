import itertools
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rights import nobody

from genretag.domain.outcome import Failed, Skipped
from genretag.errors import Code, UsageError
from genretag.library.walk import AUDIO_SUFFIXES, Walk, natural_key


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
    assert found(music, follow_symlinks=True) == ["a.mp3", "other/b.mp3"]
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


def test_folders_come_where_their_name_stands_and_whole_before_the_next(tmp_path: Path) -> None:
    made(tmp_path, "Disc 10/1.mp3", "Disc 2/2.mp3", "Disc 2/10.mp3", "disc 3.mp3", "Disc 2/x/1.mp3")
    assert found(tmp_path) == [
        "Disc 2/2.mp3",
        "Disc 2/10.mp3",
        "Disc 2/x/1.mp3",
        "disc 3.mp3",
        "Disc 10/1.mp3",
    ]


@given(names=st.lists(st.text(max_size=12), max_size=8, unique=True), seed=st.randoms())
def test_the_order_depends_on_the_names_alone(names: list[str], seed: Random) -> None:
    shuffled = sorted(names, key=lambda _: seed.random())
    keyed = [sorted(some, key=lambda name: (natural_key(name), name)) for some in (names, shuffled)]
    assert keyed[0] == keyed[1]


def test_the_same_folder_gives_the_same_order_every_time(tmp_path: Path) -> None:
    made(tmp_path, *(f"{disc}/{song} é.mp3" for disc in "BaC" for song in (3, 20, 1)))
    assert found(tmp_path) == found(tmp_path)


def test_files_that_paths_and_links_lead_to_twice_come_once(tmp_path: Path) -> None:
    made(tmp_path, "music/a.mp3", "music/.hidden.mp3", "music/sub/b.mp3")
    (tmp_path / "shelf").symlink_to(tmp_path / "music")
    (tmp_path / "seen.mp3").symlink_to(tmp_path / "music" / ".hidden.mp3")
    (tmp_path / "again.mp3").symlink_to(tmp_path / "music" / "a.mp3")
    paths = [tmp_path / name for name in ("music", "shelf", "shelf/sub", "seen.mp3", "again.mp3")]
    for order in itertools.permutations(paths):
        files = [Path(str(file)).resolve().name for file in Walk().files(order)]
        assert sorted(files) == [".hidden.mp3", "a.mp3", "b.mp3"]


def test_the_same_path_named_twice_is_given_once(tmp_path: Path) -> None:
    song = made(tmp_path, "a.mp3") / "a.mp3"
    assert len([*Walk().files([song, song, tmp_path / "." / "a.mp3", tmp_path, tmp_path])]) == 1


def test_hard_links_are_files_of_their_own(tmp_path: Path) -> None:
    made(tmp_path, "a.mp3")
    (tmp_path / "b.mp3").hardlink_to(tmp_path / "a.mp3")
    assert found(tmp_path, follow_symlinks=True) == ["a.mp3", "b.mp3"]


def test_a_followed_link_to_a_file_gives_the_file_once_whichever_comes_first(
    tmp_path: Path,
) -> None:
    made(tmp_path, "m.mp3")
    (tmp_path / "a.mp3").symlink_to("m.mp3")
    (tmp_path / "z.mp3").symlink_to("m.mp3")
    assert len(found(tmp_path, follow_symlinks=True)) == 1


@pytest.mark.parametrize("paths", [("music", "music/a.mp3"), ("music/a.mp3", "music")])
def test_a_named_file_is_given_even_where_its_folder_excludes_it(
    paths: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path, "music/a.mp3", "music/b.mp3")
    monkeypatch.chdir(tmp_path)
    given = Walk(exclude=("music/*",)).files([Path(paths[0]), Path(paths[1])])
    assert [*given] == [Path("music/a.mp3")]


def test_links_that_lead_in_a_circle_cost_only_themselves(tmp_path: Path) -> None:
    made(tmp_path, "b.mp3")
    (tmp_path / "a.mp3").symlink_to("a.mp3")
    (tmp_path / "folder").symlink_to("folder")
    outcome, song = Walk(follow_symlinks=True).files([tmp_path])
    assert isinstance(outcome, Failed) and "a.mp3" in outcome.error.message
    assert song == tmp_path / "b.mp3"


@pytest.mark.parametrize("target", ["loop.mp3", "nowhere.mp3"])
def test_a_named_link_that_leads_nowhere_is_reported(target: str, tmp_path: Path) -> None:
    (tmp_path / "loop.mp3").symlink_to(target)
    (outcome,) = Walk().files([tmp_path / "loop.mp3"])
    assert isinstance(outcome, Failed) and "loop.mp3" in outcome.error.message


def test_links_to_nowhere_are_nobodys_business_unless_links_are_followed(tmp_path: Path) -> None:
    made(tmp_path, "b.mp3")
    (tmp_path / "a.mp3").symlink_to("gone.mp3")
    assert [*Walk().files([tmp_path])] == [tmp_path / "b.mp3"]


@contextmanager
def nested(root: Path, name: str, depth: int) -> Iterator[None]:
    """Folders in folders under `root`, with a song at the bottom; removed at the end."""
    here = Path.cwd()
    os.chdir(root)
    try:
        for _ in range(depth):
            Path(name).mkdir()
            os.chdir(name)
        Path("a.mp3").write_bytes(b"x")
        os.chdir(here)
        yield
    finally:
        os.chdir(root)
        for _ in range(depth):
            os.chdir(name)
        Path("a.mp3").unlink()
        for _ in range(depth):
            os.chdir("..")
            Path(name).rmdir()
        os.chdir(here)


def test_folders_may_lie_deeper_than_python_recurses(tmp_path: Path) -> None:
    with nested(tmp_path, "d", depth=sys.getrecursionlimit() + 200):
        (song,) = Walk().files([tmp_path])
        assert isinstance(song, Path) and song.name == "a.mp3"


def test_a_folder_too_deep_for_the_system_is_reported(tmp_path: Path) -> None:
    made(tmp_path, "z.mp3")
    with nested(tmp_path, "d" * 200, depth=25):
        outcome, song = Walk().files([tmp_path])
        assert isinstance(outcome, Failed) and outcome.error.code is Code.READ_FAILED
        assert song == tmp_path / "z.mp3"


@pytest.mark.parametrize("suffix", sorted(AUDIO_SUFFIXES))
def test_a_suffix_counts_in_any_case(suffix: str, tmp_path: Path) -> None:
    made(tmp_path, f"A{suffix.upper()}", f"b{suffix}", f"c{suffix}.txt", f"d{suffix}~", suffix)
    assert found(tmp_path) == [f"A{suffix.upper()}", f"b{suffix}"]


def test_globs_match_folders_files_and_whole_paths(tmp_path: Path) -> None:
    made(tmp_path, "live/a.mp3", "b [live].mp3", "studio/c.mp3", "studio/live 1/d.mp3")
    assert found(tmp_path, exclude=("live*",)) == ["b [live].mp3", "studio/c.mp3"]
    assert found(tmp_path, exclude=("*[[]live]*",)) == [
        "live/a.mp3",
        "studio/c.mp3",
        "studio/live 1/d.mp3",
    ]
    assert found(tmp_path, exclude=("*/studio/*.mp3",)) == ["b [live].mp3", "live/a.mp3"]


@pytest.mark.parametrize("folder", [".hidden", "@eaDir", "#recycle"])
def test_a_folder_that_is_named_is_walked_whatever_it_is_called(
    folder: str, tmp_path: Path
) -> None:
    made(tmp_path, f"{folder}/a.mp3")
    assert found(tmp_path / folder) == ["a.mp3"]


def test_an_exclusion_does_not_apply_to_the_folder_that_was_named(tmp_path: Path) -> None:
    made(tmp_path, "Music/a.mp3", "Music/Music/b.mp3")
    assert found(tmp_path / "Music", exclude=("Music",)) == ["a.mp3"]


def test_a_folder_that_vanishes_during_the_walk_is_reported(tmp_path: Path) -> None:
    made(tmp_path, "a.mp3", "b/c.mp3", "d.mp3")
    files = Walk().files([tmp_path])
    next(files)
    (tmp_path / "b" / "c.mp3").unlink()
    (tmp_path / "b").rmdir()
    outcome, song = files
    assert isinstance(outcome, Failed) and outcome.error.code is Code.NOT_FOUND
    assert song == tmp_path / "d.mp3"


def test_an_empty_folder_gives_nothing(tmp_path: Path) -> None:
    assert found(tmp_path) == []


class TestWithoutPermission:
    @pytest.fixture
    def shelf(self) -> Iterator[Path]:
        """A folder that somebody without rights can get to."""
        with TemporaryDirectory() as name:
            shelf = made(Path(name), "a/1.mp3", "b/2.mp3", "c/3.mp3")
            shelf.chmod(0o755)
            for folder in "abc":
                (shelf / folder).chmod(0o755)
            yield shelf
            for folder in "abc":
                (shelf / folder).chmod(0o755)

    def test_a_folder_is_reported_and_the_rest_goes_on(self, shelf: Path) -> None:
        (shelf / "a").chmod(0)
        with nobody():
            outcome, *songs = Walk().files([shelf])
        assert isinstance(outcome, Failed) and outcome.error.code is Code.NO_PERMISSION
        assert outcome.path == shelf / "a"
        assert songs == [shelf / "b" / "2.mp3", shelf / "c" / "3.mp3"]

    def test_files_in_a_folder_that_only_lists_names_are_reported(self, shelf: Path) -> None:
        (shelf / "b").chmod(0o444)
        with nobody():
            first, outcome, last = Walk().files([shelf])
        assert isinstance(outcome, Failed) and outcome.error.code is Code.NO_PERMISSION
        assert (first, last) == (shelf / "a" / "1.mp3", shelf / "c" / "3.mp3")

    @pytest.mark.parametrize("follow", [False, True])
    def test_a_link_into_a_folder_costs_only_itself(self, shelf: Path, follow: bool) -> None:
        (shelf / "b").chmod(0)
        (shelf / "c" / "link.mp3").symlink_to(shelf / "b" / "2.mp3")
        with nobody():
            in_folder = [*Walk(follow_symlinks=follow).files([shelf / "c"])]
            (named,) = Walk().files([shelf / "c" / "link.mp3"])
        assert in_folder[0] == shelf / "c" / "3.mp3"
        for outcome in (*in_folder[1:], named):
            assert isinstance(outcome, Failed) and outcome.error.code is Code.NO_PERMISSION


def test_hidden_files_come_where_they_are_wished_and_rubbish_never_does(tmp_path: Path) -> None:
    made(tmp_path, "._a.mp3", ".hidden/a.mp3", ".b.mp3", "@eaDir/a.mp3", ".genretag-c.mp3", "d.mp3")
    files = [str(file.relative_to(tmp_path)) for file in Walk(hidden=True).files([tmp_path])]
    assert files == [".b.mp3", ".hidden/a.mp3", "d.mp3"]


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second disk")
def test_another_disk_is_entered_only_where_nobody_forbids_it(tmp_path: Path) -> None:
    with TemporaryDirectory(dir="/dev/shm") as elsewhere:
        if Path(elsewhere).stat().st_dev == tmp_path.stat().st_dev:
            pytest.skip("the same disk")
        made(tmp_path, "a.mp3")
        made(Path(elsewhere), "b.mp3")
        (tmp_path / "mounted").symlink_to(elsewhere)
        found = {
            only: [file.name for file in walk.files([tmp_path])]
            for only in (False, True)
            for walk in [Walk(follow_symlinks=True, one_file_system=only)]
        }
        assert found == {False: ["a.mp3", "b.mp3"], True: ["a.mp3"]}
        # The disk that was named is looked at.
        named = Walk(one_file_system=True).files([Path(elsewhere)])
        assert [file.name for file in named] == ["b.mp3"]


NAMES = st.sampled_from(["1", "2", "a", "b", "cd1", "z"])
TREES = st.sets(st.lists(NAMES, min_size=1, max_size=4).map(tuple), min_size=1, max_size=12)


@given(TREES)
@example({("1",), ("1", "1"), ("1", "1", "1"), ("1", "1", "1", "1")})
def test_what_stands_beside_a_file_is_what_a_walk_finds_next(tree: set[tuple[str, ...]]) -> None:
    with TemporaryDirectory() as folder:
        root = made(Path(folder).resolve() / "x" / "y", *("/".join(one) + ".mp3" for one in tree))
        files = [file for file in Walk().files([root]) if isinstance(file, Path)]
        for position, file in enumerate(files):
            for backwards, others in ((False, files[position + 1 :]), (True, files[:position])):
                near = list(near_ones(file, others[::-1] if backwards else others))
                beside = list(Walk().beside(file, backwards))
                assert beside[: len(near)] == near


def near_ones(file: Path, others: list[Path]) -> Iterator[Path]:
    """Yield `others` as long as each is in a folder in, around or beside that of the last."""
    for other in others:
        here, there = file.parent, other.parent
        if there not in (here, here.parent) and there.parent not in (here, here.parent):
            return
        file = other
        yield other


def test_nothing_is_beside_a_file_that_a_walk_does_not_find(tmp_path: Path) -> None:
    made(tmp_path, "a/.1.mp3", "a/2.mp3", ".b/3.mp3", "c/4.mp3")
    assert list(Walk().beside(tmp_path / "a" / ".1.mp3")) == []
    assert list(Walk().beside(tmp_path / ".b" / "3.mp3")) == []
    assert list(Walk().beside(tmp_path / "a" / "2.mp3")) == [tmp_path / "c" / "4.mp3"]


TREE = (
    "1.mp3",
    "a/1.mp3",
    "a/b/2.mp3",
    ".h/3.mp3",
    "a/.h/4.mp3",
    "no/5.mp3",
    "a/no.mp3",
    "c/6.txt",
)


@pytest.mark.parametrize("follow_symlinks", [False, True])
@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("roots", [(".",), ("a", "a/.h"), ("a/b", ".")])
def test_a_single_folder_gives_what_a_walk_finds_in_it(
    tmp_path: Path, follow_symlinks: bool, hidden: bool, roots: tuple[str, ...]
) -> None:
    made(tmp_path, *TREE, "elsewhere/7.mp3")
    (tmp_path / "a" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "a" / "nowhere.mp3").symlink_to("nowhere")
    walk = Walk(("no*", "elsewhere"), follow_symlinks, hidden)
    above = [tmp_path / root for root in roots]
    everywhere = [path for path in tmp_path.rglob("*") if path.is_dir()]
    everywhere += [tmp_path, tmp_path / "a" / "link", tmp_path / "gone"]
    single = [one for folder in set(everywhere) for one in walk.folder(folder, above)]
    assert sorted(map(str, single)) == sorted(map(str, walk.files(above)))


@pytest.mark.skipif(not os.path.ismount("/proc"), reason="needs another disk")
def test_a_single_folder_on_another_disk_is_reached_only_where_nobody_forbids_it() -> None:
    inside = Path("/proc/self")
    assert Walk(follow_symlinks=True).reaches(inside, [Path("/")])
    assert not Walk(follow_symlinks=True, one_file_system=True).reaches(inside, [Path("/")])
    assert Walk(one_file_system=True).reaches(Path("/proc/1"), [Path("/proc")])
