"""Albums come when they have settled: real files, and the system's own news of them."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from genretag.domain.outcome import Failed, Outcome
from genretag.library.walk import Walk
from genretag.pipeline.watch import Watcher

SETTLE_S = 0.4
pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX signals")


def put(path: Path, content: bytes = b"sound") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


class NothingCameError(Exception):
    """Raised if nothing came in time."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail where something does not come, instead of waiting for ever."""

    def give_up(*_: object) -> None:
        raise NothingCameError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Watched:
    """Batches of the files under folders, relative to the first of these."""

    def __init__(self, *roots: Path, **options: object) -> None:
        self.log: list[str] = []
        self.root = roots[0]
        known = {"settle_s": SETTLE_S, "poll_s": None, "all_at_once": False, "walk": Walk()}
        self.watcher = Watcher(roots, log=self.log.append, **known | options)  # type: ignore[arg-type]
        self._batches = self.watcher.batches()

    def files(self, seconds: float = 60) -> Iterator[Path | Outcome]:
        """Wait for a batch."""
        with within(seconds):
            return next(self._batches)

    def take(self) -> list[str]:
        """Wait for a batch, and take all of it."""
        found = [one for one in self.files() if isinstance(one, Path)]
        return [one.relative_to(self.root).as_posix() for one in found]

    def close(self) -> None:
        self._batches.close()


@pytest.fixture
def watching() -> Iterator[type[Watched]]:
    opened: list[Watched] = []

    class Opened(Watched):
        def __init__(self, *roots: Path, **options: object) -> None:
            super().__init__(*roots, **options)
            opened.append(self)

    yield Opened
    for one in opened:
        one.close()


@pytest.fixture
def music(tmp_path: Path) -> Path:
    put(tmp_path / "music" / "A 10" / "1.mp3")
    put(tmp_path / "music" / "A 9" / "1.mp3")
    put(tmp_path / "music" / "A 9" / "2.mp3")
    put(tmp_path / "music" / "A 9" / "cover.jpg")
    return tmp_path / "music"


def test_all_files_come_first_and_then_whole_albums_that_change(watching, music) -> None:
    watched = watching(music)
    assert watched.take() == ["A 9/1.mp3", "A 9/2.mp3", "A 10/1.mp3"]
    put(music / "A 9" / "cover.jpg", b"another")
    put(music / "A 10" / "0.mp3")
    assert watched.take() == ["A 10/0.mp3", "A 10/1.mp3"]
    put(music / "A 9" / "2.mp3", b"another sound")
    assert watched.take() == ["A 9/1.mp3", "A 9/2.mp3"]


@pytest.mark.parametrize("discs", [("CD 1", "CD 2"), (".", "Disc 2")])
def test_the_discs_of_an_album_come_together(watching, music, discs) -> None:
    for disc in discs:
        put(music / "LP" / disc / "1.mp3")
    put(music / "lp (Disc 3)" / "1.mp3")
    watched = watching(music)
    everything = watched.take()
    put(music / "LP" / discs[0] / "1.mp3", b"another sound")
    lp = watched.take()
    assert len(lp) == 3 and lp == [one for one in everything if one.lower().startswith("lp")]


def test_what_a_run_has_written_is_not_new(watching, music) -> None:
    watched = watching(music)
    watched.take()
    watched.watcher.keep(put(music / "A 9" / "1.mp3", b"with a genre"))
    put(music / "B" / "1.mp3")
    assert watched.take() == ["B/1.mp3"]


def test_what_others_change_while_a_run_writes_comes_again(watching, music) -> None:
    watched = watching(music)
    watched.take()
    watched.watcher.keep(put(music / "A 9" / "1.mp3", b"with a genre"))
    put(music / "A 9" / "3.mp3")
    assert watched.take() == ["A 9/1.mp3", "A 9/2.mp3", "A 9/3.mp3"]


def test_a_file_that_changes_before_it_is_looked_at_waits_for_another_batch(
    watching, music
) -> None:
    watched = watching(music)
    files = watched.files()
    put(music / "A 10" / "1.mp3", b"half of it")
    assert [one.parent.name for one in files] == ["A 9", "A 9"]
    assert watched.take() == ["A 10/1.mp3"]


def test_a_file_comes_when_it_is_whole(watching, music) -> None:
    watched = watching(music)
    watched.take()
    parts, size = 20, 1000

    def copy() -> None:
        with (music / "A 9" / "3.mp3").open("wb", buffering=0) as file:
            for _ in range(parts):
                file.write(bytes(size))
                time.sleep(SETTLE_S / 4)

    copying = Thread(target=copy)
    copying.start()
    assert watched.take() == ["A 9/1.mp3", "A 9/2.mp3", "A 9/3.mp3"]
    assert (music / "A 9" / "3.mp3").stat().st_size == parts * size
    copying.join()


def test_albums_that_come_one_after_another_are_one_batch(watching, music) -> None:
    watched = watching(music, settle_s=5.0)
    watched.take()
    for n in range(3):
        put(music / f"C {n}" / "1.mp3")
        time.sleep(2.0)
    assert watched.take() == [f"C {n}/1.mp3" for n in range(3)]


def test_by_artist_all_files_come(watching, music) -> None:
    watched = watching(music, all_at_once=True)
    everything = watched.take()
    put(music / "B" / "1.mp3")
    assert watched.take() == [*everything, "B/1.mp3"]


def test_a_tree_that_is_moved_in_comes_whole(watching, music, tmp_path) -> None:
    watched = watching(music)
    watched.take()
    for n in range(3):
        put(tmp_path / "new" / "deep" / f"D {n}" / "1.mp3")
    (tmp_path / "new").rename(music / "new")
    assert watched.take() == [f"new/deep/D {n}/1.mp3" for n in range(3)]
    put(music / "new" / "deep" / "D 1" / "2.mp3")
    assert watched.take() == ["new/deep/D 1/1.mp3", "new/deep/D 1/2.mp3"]


def test_what_is_renamed_is_new_and_what_is_removed_is_nothing(watching, music) -> None:
    watched = watching(music)
    watched.take()
    (music / "A 9").rename(music / "A 8")
    (music / "A 10" / "1.mp3").unlink()
    assert watched.take() == ["A 8/1.mp3", "A 8/2.mp3"]
    put(music / "A 9" / "1.mp3")
    assert watched.take() == ["A 9/1.mp3"]


def test_what_a_scan_leaves_out_is_left_out(watching, music, tmp_path) -> None:
    watched = watching(music, walk=Walk(exclude=("No*",)))
    watched.take()
    put(tmp_path / "elsewhere" / "1.mp3")
    (music / "link").symlink_to(tmp_path / "elsewhere")
    for name in (".hidden", "@eaDir", "No, thanks", "A 9/No"):
        put(music / name / "1.mp3")
    put(music / "A 9" / ".genretag-1.mp3")
    put(music / "A 9" / "No.mp3")
    put(music / "link" / "2.mp3")
    put(music / "B" / "1.mp3")
    assert watched.take() == ["B/1.mp3"]


def test_nested_and_repeated_folders_are_watched_once(watching, music) -> None:
    put(music / ".hidden" / "1.mp3")
    watched = watching(music, music / "A 9", music / ".hidden", music)
    assert watched.take() == [".hidden/1.mp3", "A 9/1.mp3", "A 9/2.mp3", "A 10/1.mp3"]
    put(music / ".hidden" / "1.mp3", b"another sound")
    assert watched.take() == [".hidden/1.mp3"]


def test_what_cannot_be_read_is_told_of_once(watching, music) -> None:
    (music / "A 10" / "2.mp3").symlink_to("nowhere")
    watched = watching(music, walk=Walk(follow_symlinks=True))
    failed = [one for one in watched.files() if isinstance(one, Outcome)]
    assert [type(one) for one in failed] == [Failed]
    put(music / "B" / "1.mp3")
    assert watched.take() == ["B/1.mp3"]


def test_a_name_that_is_no_text_is_found_all_the_same(watching, music) -> None:
    watched = watching(music)
    watched.take()
    name = Path(os.fsdecode(b"caf\xe9.mp3"))
    try:
        put(music / "A 10" / name)
    except OSError:
        pytest.skip("needs names of any bytes")
    assert list(watched.files()) == [music / "A 10" / "1.mp3", music / "A 10" / name]


def test_thousands_of_files_at_once_come_in_one_batch(watching, music) -> None:
    watched = watching(music)
    watched.take()
    for n in range(5000):
        put(music / f"M {n % 50}" / f"{n}.mp3")
    assert len(watched.take()) == 5000


def test_without_being_told_of_changes_it_looks_for_itself(watching, music) -> None:
    watched = watching(music, poll_s=SETTLE_S / 2)
    watched.take()
    put(music / "B" / "1.mp3")
    assert watched.take() == ["B/1.mp3"]
    put(music / "A 9" / "1.mp3", b"another sound")
    assert watched.take() == ["A 9/1.mp3", "A 9/2.mp3"]


def test_a_folder_that_goes_and_comes_back_is_watched_again(watching, music) -> None:
    watched = watching(music)
    everything = watched.take()
    music.rename(music.with_name("away"))
    put(music / "B" / "1.mp3")  # what lies below a mount that is gone
    assert watched.take() == ["B/1.mp3"]
    put(music / "B" / "2.mp3")
    assert watched.take() == ["B/1.mp3", "B/2.mp3"]
    music.rename(music.with_name("below"))
    music.with_name("away").rename(music)
    assert watched.take() == everything
    assert any("come or gone" in line for line in watched.log)


def test_albums_in_folders_of_any_shape_come_in_the_order_of_a_scan(watching, tmp_path) -> None:
    root = tmp_path / "music"
    for name in ("b/1", "b/10", "b/2", "B 2/1", "a/z/1", "a/1", "1", "a/cd 2/1", "a/cd 10/1"):
        put(root / f"{name}.mp3")
    found = watching(root).take()
    walked = [one.relative_to(root).as_posix() for one in Walk().files([root])]
    assert sorted(found) == sorted(walked)
    folders = [Path(one).parent for one in found]
    assert len({*folders}) == sum(a != b for a, b in zip([None, *folders], folders, strict=False))
