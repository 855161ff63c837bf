"""What was heard in one file is never taken for what is in another."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from audio_files import RECIPES, encode, noise
from sound_pairs import COMPRESSED, UNCOMPRESSED, pair

from genretag.library.cache import FILE

NO_TAGS = {"RF64", "Wave64", "CAF", "AU", "AC-3"}
"""What genretag cannot tag, a scan does not hear."""
ONE_TONE = {name for name, kind in COMPRESSED.items() if kind.sides}
KINDS = sorted({*UNCOMPRESSED, *COMPRESSED, "DSF"} - NO_TAGS - ONE_TONE)


def test_files_alike_in_three_places_are_heard_each_by_itself(genretag, music, tmp_path) -> None:
    for side in "ab":
        (music / side).mkdir(parents=True)
    for kind in KINDS:
        for path in pair(kind, tmp_path):
            path.rename(music / path.name[0] / path.name[2:])

    def heard(side: str, *options: str) -> dict[str, list]:
        command = ("scan", "-n", "--threshold", "0", "--coverage", "full", "--format", "jsonl")
        run = genretag(*command, *options, music / side)
        assert run.returncode == 0, run.stderr
        rows = map(json.loads, run.stdout.splitlines())
        return {Path(row["path"]).name: row["genres"] for row in rows}

    first, second = heard("a"), heard("b")
    assert len(second) == len(KINDS)
    assert all(first[name][0]["name"] != second[name][0]["name"] for name in second)
    assert second == heard("b", "--no-cache")


def test_what_an_older_cache_holds_is_neither_believed_nor_kept(genretag, music, tmp_path) -> None:
    """It knew sounds by three places in them."""
    music.mkdir()
    encode(music / "a.wav", noise(3.0), RECIPES["WAV"])
    cache = tmp_path / "cache"
    genretag("scan", "-n", music)
    with closing(sqlite3.connect(cache / FILE)) as db, db:
        [found] = db.execute("SELECT prediction FROM scores").fetchone()
        wrong = found.replace('"windows": 1', '"windows": 9')
        assert wrong != found
        db.execute("CREATE TABLE sound (sound BLOB, prediction TEXT)")
        db.execute("INSERT INTO sound VALUES (?, ?)", (b"", wrong))
        db.execute("DELETE FROM scores")
        db.execute("DELETE FROM track")
    run = genretag("scan", "-n", "--threshold", "0", "--format", "jsonl", music)
    assert json.loads(run.stdout)["windows"] == 1
    with closing(sqlite3.connect(cache / FILE)) as db:
        names = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    assert names == {"scores", "track", "failure"}
