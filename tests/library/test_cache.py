"""What was heard is found again, and a cache that is broken never stops a run."""

import os
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import fields, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genretag.domain.analysis import Analysis
from genretag.domain.change import Stamp
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.domain.track import Track
from genretag.errors import Code, FileError
from genretag.library.cache import FILE, Cache, state

HEARD = Prediction((ScoredGenre("Rock", 0.7), ScoredGenre("Ж", 0.3)), 4, 240.25, "toy@123")
PREDICTOR, OTHER = b"p" * 16, b"q" * 16


def tracks(path: Path) -> list[Track]:
    return [
        Track(path, "MP3", ("a", "Ж"), Stamp(7, 8)),
        Track(path, "FLAC", has_second_tags=False),
        Track(path, "MP4", has_video=True),
        Track(path, None, is_audio=False),
        replace(
            Track(path, "FLAC", is_compilation=True),
            title="Ж\n",
            artist="A",
            album_artist="B",
            album="C",
            album_id="1-2",
        ),
    ]


def read(path: Path, kind: int = 0) -> Analysis:
    return Analysis(path, tracks(path)[kind], state=state(path))


def scored(sound: bytes, prediction: Prediction = HEARD) -> Analysis:
    return Analysis(Path("/music/a.mp3"), prediction=prediction, fingerprint=sound)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp3"
    path.write_bytes(b"sound")
    return path


@pytest.mark.parametrize("kind", range(5))
def test_a_track_is_found_again_as_it_was(tmp_path: Path, file: Path, kind: int) -> None:
    with Cache(tmp_path) as cache:
        cache.keep(read(file, kind), PREDICTOR)
    with Cache(tmp_path) as cache:
        known = cache.recall(file, PREDICTOR)
        assert known and known.track == tracks(file)[kind]
        assert known.prediction is None


def test_a_file_comes_with_what_the_same_predictor_said_of_its_sound(
    tmp_path: Path, file: Path
) -> None:
    with Cache(tmp_path) as cache:
        cache.keep(replace(read(file), fingerprint=b"sound", prediction=HEARD), PREDICTOR)
    with Cache(tmp_path) as cache:
        known, other = (cache.recall(file, predictor) for predictor in (PREDICTOR, OTHER))
        assert known and other and known.track == other.track
        assert (known.prediction, other.prediction) == (HEARD, None)


def test_a_sound_too_long_for_a_fingerprint_is_known_until_somebody_writes_to_its_file(
    tmp_path: Path, file: Path
) -> None:
    other = tmp_path / "b.mp3"
    other.write_bytes(b"other")
    with Cache(tmp_path) as cache:
        cache.keep(replace(read(file), prediction=HEARD), PREDICTOR)
        cache.keep(read(other), PREDICTOR)
    with Cache(tmp_path) as cache:
        known, unscored = (cache.recall(path, PREDICTOR) for path in (file, other))
        assert known and unscored and (known.prediction, unscored.prediction) == (HEARD, None)
        file.write_bytes(b"longer")
        assert cache.recall(file, PREDICTOR) is None


def test_whoever_writes_to_a_file_makes_it_unknown(tmp_path: Path, file: Path) -> None:
    status = file.stat()
    with Cache(tmp_path) as cache:
        cache.keep(read(file), PREDICTOR)
    file.write_bytes(b"other")  # as long, and with the same time
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    with Cache(tmp_path) as cache:
        assert cache.recall(file, PREDICTOR) is None
        file.unlink()
        assert cache.recall(file, PREDICTOR) is None


def test_failures_are_tried_again(tmp_path: Path, file: Path) -> None:
    error = FileError(Code.UNDECODABLE, "m", "h")
    with Cache(tmp_path) as cache:
        cache.keep(Analysis.failed(file, error), PREDICTOR)
    with Cache(tmp_path) as cache:
        assert cache.recall(file, PREDICTOR) is None
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
        cache.keep(scored(b"sound", prediction), PREDICTOR)
    with Cache(folder) as cache:
        assert cache.prediction(b"sound", PREDICTOR) == prediction
        assert cache.prediction(b"sound", OTHER) is None


def test_a_path_may_hold_any_bytes(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n.mp3"))
    path.write_bytes(b"sound")
    with Cache(tmp_path) as cache:
        cache.keep(read(path), PREDICTOR)
    with Cache(tmp_path) as cache:
        assert cache.recall(path, PREDICTOR).track == tracks(path)[0]


@pytest.mark.parametrize("damage", ["start", "middle", "no database"])
def test_a_damaged_cache_is_put_aside_with_a_word(tmp_path: Path, file: Path, damage: str) -> None:
    with Cache(tmp_path) as cache:
        for n in range(500):
            cache.keep(scored(n.to_bytes(16, "big")), PREDICTOR)
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
            cache.prediction(n.to_bytes(16, "big"), PREDICTOR)
        cache.keep(read(file), PREDICTOR)
        cache.keep(scored(b"sound"), PREDICTOR)
    assert len(said) == 1 and "damaged" in said[0]
    assert (tmp_path / f"{FILE}.broken").exists()
    with Cache(tmp_path, said.append) as cache:
        assert cache.prediction(b"sound", PREDICTOR) == HEARD
    assert len(said) == 1


def test_where_nothing_can_be_kept_a_run_goes_on_without(tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "folder").write_text("a file stands where the folder should")
    with Cache(tmp_path / "folder", said.append) as cache:
        cache.keep(scored(b"sound"), PREDICTOR)
        assert cache.prediction(b"sound", PREDICTOR) is None
        assert cache.sizes().sounds == 0
    assert len(said) == 1 and "nothing is remembered" in said[0]


def fill(folder: Path, first: int) -> None:
    with Cache(folder) as cache:
        for n in range(first, first + 400):
            cache.keep(scored(n.to_bytes(16, "big")), PREDICTOR)
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
        cache.keep(read(file), PREDICTOR)
        cache.keep(scored(b"sound"), PREDICTOR)
        assert (cache.sizes().files, cache.sizes().sounds) == (1, 1)
        cache.clear()
        assert (cache.sizes().files, cache.sizes().sounds) == (0, 0)
        assert cache.recall(file, PREDICTOR) is None


@pytest.mark.parametrize("told", ["rubbish", "[]", "{}", '{"status": "lost"}', "null"])
def test_an_entry_that_nobody_understands_is_not_remembered(
    tmp_path: Path, file: Path, told: str
) -> None:
    with Cache(tmp_path) as cache:
        cache.keep(read(file), PREDICTOR)
        cache.keep(scored(b"sound"), PREDICTOR)
    with closing(sqlite3.connect(tmp_path / FILE)) as db, db:
        db.execute("UPDATE track SET track = ?", (told,))
        db.execute("UPDATE scores SET prediction = ?", (told,))
    with Cache(tmp_path, lambda message: pytest.fail(message)) as cache:
        assert cache.recall(file, PREDICTOR) is None
        assert cache.prediction(b"sound", PREDICTOR) is None


# What other places than the genre hold is read anew where it is asked for.
KEPT = {field.name for field in fields(Track)} - {"path", "fields", "no_room"}


@pytest.mark.parametrize("field", sorted(KEPT))
def test_an_entry_of_a_version_that_knew_less_of_a_track_is_not_remembered(
    tmp_path: Path, file: Path, field: str
) -> None:
    with Cache(tmp_path) as cache:
        cache.keep(read(file), PREDICTOR)
    with closing(sqlite3.connect(tmp_path / FILE)) as db, db:
        db.execute("UPDATE track SET track = json_remove(track, ?)", (f"$.{field}",))
    with Cache(tmp_path, lambda message: pytest.fail(message)) as cache:
        assert cache.recall(file, PREDICTOR) is None
        cache.keep(read(file), PREDICTOR)
    with Cache(tmp_path) as cache:
        known = cache.recall(file, PREDICTOR)
        assert known and known.track == tracks(file)[0]


def test_what_was_put_aside_is_forgotten_too(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all")
    with Cache(tmp_path) as cache:
        assert (tmp_path / f"{FILE}.broken").exists()
        assert cache.clear()
    assert not (tmp_path / f"{FILE}.broken").exists()


def known(tmp_path: Path, path: Path, code: str) -> bool:
    """Whether a run of its own finds the failure known; it keeps it."""
    with Cache(tmp_path) as cache:
        first = cache.keep_failure(path, code)
        assert cache.keep_failure(path, code) == first  # what this run met is not known to it
        return first


def test_a_failure_is_known_to_later_runs_until_file_or_code_change(tmp_path, file) -> None:
    assert [known(tmp_path, file, "undecodable") for _ in range(3)] == [False, True, True]
    assert not known(tmp_path, file, "timed-out")
    assert known(tmp_path, file, "timed-out")
    file.write_bytes(b"other")
    assert not known(tmp_path, file, "timed-out")
    assert known(tmp_path, file, "timed-out")
    with Cache(tmp_path) as cache:
        cache.forget_failure(file)
    assert not known(tmp_path, file, "timed-out")
    with Cache(tmp_path) as cache:
        cache.clear()
    assert not known(tmp_path, file, "timed-out")


def test_a_failure_of_what_is_not_there_is_known_as_well(tmp_path) -> None:
    link = tmp_path / "link.mp3"
    assert [known(tmp_path, link, "not-found") for _ in range(2)] == [False, True]
    link.symlink_to("nowhere")
    assert [known(tmp_path, link, "not-found") for _ in range(2)] == [False, True]


def test_a_cache_of_an_older_version_learns_of_failures(tmp_path, file) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as database, database:
        database.execute("CREATE TABLE track (path PRIMARY KEY, state, fingerprint, track)")
    assert [known(tmp_path, file, "undecodable") for _ in range(2)] == [False, True]
