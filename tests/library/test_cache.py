"""What was heard is found again, and a cache that is broken never stops a run."""

import os
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genretag.domain.change import Stamp, TagChange
from genretag.domain.layout import PLAYERS
from genretag.domain.outcome import Failed, Outcome, Planned, Skipped, Unchanged, Unsure
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.errors import Code, FileError
from genretag.library.cache import FILE, Cache, state

HEARD = Prediction((ScoredGenre("Rock", 0.7), ScoredGenre("Ж", 0.3)), 4, 240.25, "toy@123")
QUESTION, OTHER = b"q" * 16, b"r" * 16


def outcomes(path: Path) -> list[Outcome]:
    change = TagChange(path, "MP3", ("a",), ("Rock",), PLAYERS["kodi"], Stamp(7, 8))
    return [
        Planned(path=path, before=("a",), after=("Rock",), prediction=HEARD, change=change,
                notes=("n",)),
        Unchanged(path=path, before=("x", "y"), after=("x", "y"), reason="has a genre"),
        Unsure(path=path, prediction=HEARD, reason="low"),
        Skipped(path=path, reason="not audio"),
    ]  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp3"
    path.write_bytes(b"sound")
    return path


@pytest.mark.parametrize("kind", range(4))
def test_an_outcome_is_found_again_as_it_was(tmp_path: Path, file: Path, kind: int) -> None:
    outcome = outcomes(file)[kind]
    with Cache(tmp_path) as cache:
        cache.keep_outcome(outcome, state(file), QUESTION)
    with Cache(tmp_path) as cache:
        assert cache.outcome(file, QUESTION) == outcome
        assert cache.outcome(file, OTHER) is None


def test_whoever_writes_to_a_file_makes_it_unknown(tmp_path: Path, file: Path) -> None:
    was, status = state(file), file.stat()
    with Cache(tmp_path) as cache:
        cache.keep_outcome(outcomes(file)[1], was, QUESTION)
    file.write_bytes(b"other")  # as long, and with the same time
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    with Cache(tmp_path) as cache:
        assert cache.outcome(file, QUESTION) is None
        file.unlink()
        assert cache.outcome(file, QUESTION) is None


def test_failures_are_tried_again(tmp_path: Path, file: Path) -> None:
    error = FileError(Code.UNDECODABLE, "m", "h")
    with Cache(tmp_path) as cache:
        cache.keep_outcome(Failed(path=file, error=error), state(file), QUESTION)
    with Cache(tmp_path) as cache:
        assert cache.outcome(file, QUESTION) is None
        assert cache.sizes().files == 0


@given(
    scores=st.lists(st.floats(0, 1), max_size=5),
    name=st.text(max_size=5),
    duration_s=st.floats(0, 1e6),
)
def test_a_prediction_is_found_again_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, scores: list[float], name: str, duration_s: float
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    genres = tuple(ScoredGenre(name, score) for score in sorted(scores, reverse=True))
    embedding = np.random.default_rng(0).normal(size=7).astype(np.float16)
    prediction = Prediction(genres, 3, duration_s, "toy", embedding)
    with Cache(folder) as cache:
        cache.keep_prediction(b"sound", b"ear", prediction)
    with Cache(folder) as cache:
        assert cache.prediction(b"sound", b"ear") == prediction
        assert cache.prediction(b"sound", b"other ear") is None


def test_a_path_may_hold_any_bytes(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n.mp3"))
    path.write_bytes(b"sound")
    with Cache(tmp_path) as cache:
        cache.keep_outcome(outcomes(path)[1], state(path), QUESTION)
    with Cache(tmp_path) as cache:
        assert cache.outcome(path, QUESTION) == outcomes(path)[1]


@pytest.mark.parametrize("damage", ["start", "middle", "no database"])
def test_a_damaged_cache_is_put_aside_with_a_word(tmp_path: Path, file: Path, damage: str) -> None:
    with Cache(tmp_path) as cache:
        for n in range(500):
            cache.keep_prediction(n.to_bytes(16, "big"), b"ear", HEARD)
    content = bytearray((tmp_path / FILE).read_bytes())
    if damage == "start":
        content[:200] = os.urandom(200)
    elif damage == "middle":
        content[4096:] = os.urandom(len(content) - 4096)
    else:
        content = bytearray(b"no database at all")
    (tmp_path / FILE).write_bytes(content)
    said: list[str] = []
    with Cache(tmp_path, said.append) as cache:
        for n in range(500):
            cache.prediction(n.to_bytes(16, "big"), b"ear")
        cache.keep_outcome(outcomes(file)[1], state(file), QUESTION)
        cache.keep_prediction(b"sound", b"ear", HEARD)
    assert len(said) == 1 and "damaged" in said[0]
    assert (tmp_path / f"{FILE}.broken").exists()
    with Cache(tmp_path, said.append) as cache:
        assert cache.prediction(b"sound", b"ear") == HEARD
    assert len(said) == 1


def test_where_nothing_can_be_kept_a_run_goes_on_without(tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "folder").write_text("a file stands where the folder should")
    with Cache(tmp_path / "folder", said.append) as cache:
        cache.keep_prediction(b"sound", b"ear", HEARD)
        assert cache.prediction(b"sound", b"ear") is None
        assert cache.sizes().sounds == 0
    assert len(said) == 1 and "nothing is remembered" in said[0]


def fill(folder: Path, first: int) -> None:
    with Cache(folder) as cache:
        for n in range(first, first + 400):
            cache.keep_prediction(n.to_bytes(16, "big"), b"ear", HEARD)
            cache.sizes()


def test_several_runs_may_write_at_the_same_time(tmp_path: Path) -> None:
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        list(pool.map(fill, [tmp_path] * 3, [0, 200, 1000]))
    with Cache(tmp_path) as cache:
        assert cache.sizes().sounds == 1000
    with sqlite3.connect(tmp_path / FILE) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_clearing_forgets_everything(tmp_path: Path, file: Path) -> None:
    with Cache(tmp_path) as cache:
        cache.keep_outcome(outcomes(file)[1], state(file), QUESTION)
        cache.keep_prediction(b"sound", b"ear", HEARD)
        assert (cache.sizes().files, cache.sizes().sounds) == (1, 1)
        cache.clear()
        assert (cache.sizes().files, cache.sizes().sounds) == (0, 0)
        assert cache.outcome(file, QUESTION) is None


@pytest.mark.parametrize("told", ["rubbish", "[]", "{}", '{"status": "lost"}', "null"])
def test_an_entry_that_nobody_understands_is_not_remembered(
    tmp_path: Path, file: Path, told: str
) -> None:
    with Cache(tmp_path) as cache:
        cache.keep_outcome(outcomes(file)[1], state(file), QUESTION)
        cache.keep_prediction(b"sound", b"ear", HEARD)
    with closing(sqlite3.connect(tmp_path / FILE)) as db, db:
        db.execute("UPDATE outcome SET outcome = ?", (told,))
        db.execute("UPDATE prediction SET prediction = ?", (told,))
    with Cache(tmp_path, lambda message: pytest.fail(message)) as cache:
        assert cache.outcome(file, QUESTION) is None
        assert cache.prediction(b"sound", b"ear") is None


def test_what_was_put_aside_is_forgotten_too(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all")
    with Cache(tmp_path) as cache:
        assert (tmp_path / f"{FILE}.broken").exists()
        assert cache.clear()
    assert not (tmp_path / f"{FILE}.broken").exists()
