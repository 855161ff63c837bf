"""A writer may be killed or interrupted at any instant, and nothing is lost."""

import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from audio_files import make
from one_shot import raw_genres
from writers import (
    Content,
    Writers,
    apply,
    copies,
    pending,
    planned,
    songs,
    staged_in,
    take_back,
    write_plan,
)

from genretag import tags
from genretag.library import files, interrupt
from genretag.library.journal import Journal
from genretag.pipeline.write import recover

KILLS = 100

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs signals that kill")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    folder = tmp_path_factory.mktemp("songs")
    music = os.environ.get("GENRETAG_MUSIC")
    return copies(folder, Path(music)) if music else songs(folder, 2.0)


@pytest.fixture
def music(made: dict[Path, str], tmp_path: Path) -> dict[Path, str]:
    """Copies of the songs, and what kind they are."""
    folder = tmp_path / "music"
    folder.mkdir()
    return {Path(shutil.copy2(path, folder)): kind for path, kind in made.items()}


def wishes(number: int, path: Path) -> tuple[str, ...]:
    """Other genres each time, of other lengths."""
    return tuple(f"{path.suffix[1:]} {number} {n}" + "x" * (97 * number % 700) for n in range(2))


def test_a_killed_writer_leaves_every_file_whole_and_can_be_taken_back(
    music: dict[Path, str], tmp_path: Path
) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    sys.stderr.write(f"seed {seed}\n")
    chance = random.Random(seed)
    folder, journal, plan = next(iter(music)).parent, tmp_path / "journal", tmp_path / "plan"
    foreign = folder / ".genretag-xyz.mp3"
    foreign.write_bytes(b"somebody else's")
    original = {path: Content.of(path, kind) for path, kind in music.items()}
    seen: Counter[str] = Counter()
    with Writers(journal) as writers:
        write_plan(plan, [planned(path, *wishes(0, path)) for path in music])
        status, duration_s = writers.run(plan)
        assert status == 0
        assert all(tags.read(path).genres == wishes(0, path) for path in music)
        for number in count(1):
            if seen["killed"] == KILLS:
                break
            before = {path: Content.of(path, kind) for path, kind in music.items()}
            undoes = number % 4 == 0
            changes = [planned(path, *wishes(number, path)) for path in music]
            write_plan(plan, changes)
            # Undo is killed too; most of the time it has less to do.
            after_s = chance.uniform(0, duration_s / 2 if undoes else duration_s)
            status, _ = writers.run(None if undoes else plan, partial(time.sleep, after_s))
            assert status in (0, -signal.SIGKILL)
            seen["killed"] += status < 0
            seen["killed while undoing"] += status < 0 and undoes
            seen["left an entry pending"] += bool(pending(journal))
            seen["left a staged copy"] += len(staged_in(folder)) > 1
            written = 0
            for change in changes:
                now = Content.of(change.path, music[change.path])
                assert now.sound == original[change.path].sound
                assert now.others == original[change.path].others
                if now.raw.names != before[change.path].raw.names:
                    written += 1
                    if not undoes:
                        assert tags.read(change.path).genres == change.after
            seen["wrote some, not all"] += 0 < written < len(music)
    sys.stderr.write(f"{dict(seen)}\n")
    assert min(seen.values()) >= KILLS / 10

    with closing(Journal(journal)) as opened:
        recover(opened)
        runs = [record.id for record in opened.history() if record.counts.get("committed")]
    assert staged_in(folder) == [foreign]
    assert foreign.read_bytes() == b"somebody else's"
    assert pending(journal) == []
    for run in reversed(runs):
        outcomes = take_back(journal, run)
        assert {outcome.status for outcome in outcomes} == {"tagged"}
    assert {path: Content.of(path, kind) for path, kind in music.items()} == original
    assert sorted(folder.iterdir()) == sorted([foreign, *music])


def test_an_interrupt_right_after_a_swap_leaves_a_journal_that_knows_of_it(
    music: dict[Path, str], tmp_path: Path
) -> None:
    folder, journal, plan = next(iter(music)).parent, tmp_path / "journal", tmp_path / "plan"
    raw = {path: raw_genres(path) for path in music}
    paths = list(music)[::2]
    with Writers(journal) as writers:
        for number, path in enumerate(paths):
            write_plan(plan, [planned(path, *wishes(number, path)) for path in paths])
            wait = partial(until_replaced, path, path.stat().st_ino)
            status, _ = writers.run(plan, wait, signal.SIGINT)
            assert status == 130 or path == paths[-1]
            with closing(Journal(journal)) as opened:
                # An interrupt inside the journal itself leaves the rest to the next run.
                recover(opened)
                newest = opened.history()[-1].id
                assert path in {entry.path for entry in opened.changes(newest)}
            assert staged_in(folder) == []
    while take_back(journal):
        pass
    assert pending(journal) == []
    assert {path: raw_genres(path) for path in music} == raw


def test_an_interrupt_does_not_wait_for_the_copy_of_a_large_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    song, journal = make("FLAC", tmp_path), tmp_path / "journal"
    before = song.read_bytes()

    def copy_slowly(source: Path, target: Path) -> tuple[str, ...]:
        target.write_bytes(before[:100])
        signal.raise_signal(signal.SIGINT)
        pytest.fail("it was copied to the end")

    monkeypatch.setattr(files, "copy", copy_slowly)
    handler = signal.getsignal(signal.SIGINT)
    try:
        interrupt.install()
        with pytest.raises(KeyboardInterrupt), interrupt.deferred():
            apply(journal, [planned(song, "Rock")])
    finally:
        signal.signal(signal.SIGINT, handler)
    assert song.read_bytes() == before
    assert staged_in(tmp_path) == [] and pending(journal) == []


def until_replaced(path: Path, inode: int) -> None:
    end = time.monotonic() + 120
    while path.stat().st_ino == inode and time.monotonic() < end:
        pass
