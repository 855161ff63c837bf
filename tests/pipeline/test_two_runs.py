"""Two runs over the same files with the same journal, at the same time."""

import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
import writers
from writers import Content, pending, planned, songs, staged_in, take_back, write_plan

from genretag import tags
from genretag.library.journal import Journal

RUNS = 3

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the writer forks")


def test_runs_at_the_same_time_never_spoil_each_others_files(tmp_path: Path) -> None:
    (folder := tmp_path / "music").mkdir()
    journal = tmp_path / "journal"
    music = songs(folder, 0.5)
    before = {path: Content.of(path, kind) for path, kind in music.items()}
    plans = [
        write_plan(tmp_path / f"plan {run}", [planned(path, f"Run {run}") for path in music])
        for run in range(RUNS)
    ]
    started = [
        subprocess.Popen(
            [sys.executable, writers.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in plans
    ]
    for process, plan in zip(started, plans, strict=True):
        assert process.stdin
        process.stdin.write(json.dumps([str(journal), str(plan)]) + "\n\n")
        process.stdin.flush()
    for process in started:
        told, _ = process.communicate(timeout=120)
        assert told.split()[1] == "0"
        assert process.returncode == 0

    for path, kind in music.items():
        now = Content.of(path, kind)
        assert (now.others, now.sound) == (before[path].others, before[path].sound)
        assert tags.read(path).genres in {(f"Run {run}",) for run in range(RUNS)}
    assert staged_in(folder) == [] == pending(journal)
    with closing(Journal(journal)) as opened:
        written = Counter(
            entry.path for run in opened.history() for entry in opened.changes(run.id)
        )
    # Whoever comes second finds that the file has changed since it was looked at.
    assert written == Counter(dict.fromkeys(music, 1))
    while take_back(journal):
        pass
    assert {path: Content.of(path, kind) for path, kind in music.items()} == before
