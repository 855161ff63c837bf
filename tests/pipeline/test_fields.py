"""Other fields than the genre: written with it at once, journalled, verified and taken back."""

import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from audio_files import make
from fixtures import full
from writers import (
    FILES,
    Writers,
    apply,
    pending,
    planned,
    songs,
    staged_in,
    take_back,
    write_plan,
    writing,
)

from genretag import tags
from genretag.domain.outcome import Failed, Planned, Skipped, Tagged, Unchanged
from genretag.domain.places import PLACES, Values
from genretag.errors import Code, UsageError
from genretag.library.journal import FILE, Journal
from genretag.pipeline import plan as plans
from genretag.pipeline import undo
from genretag.pipeline.annotate import notes_of
from genretag.pipeline.write import recover

FREE = "TXXX:MY FIELD"
VALUES: Values = {
    "style": ("Shoegaze", "Dream Pop"),
    "grouping": ("Städtisch",),
    "comment": ("Dub",),
    FREE: ("摇滚",),
}
KILLS = 40


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return make("MP3", tmp_path)


def held(path: Path, *places: str) -> Values:
    with tags.open(path) as file:
        return file.values(places or (*PLACES, FREE))


def whole(path: Path) -> tuple[tags.RawGenres, tags.OtherFields]:
    """All items of all tags, and where those stand that hold genres."""
    with tags.open(path) as file:
        return file.raw_genres(places=(*PLACES, FREE)), file.other_fields(())


def put(path: Path, values: Values) -> None:
    with tags.open(path, writing=True) as file:
        file.write(values)


def written(journal: Path, path: Path, *genres: str, fields: Values = VALUES) -> None:
    (outcome,) = apply(journal, [planned(path, *genres, fields=fields)])
    assert isinstance(outcome, Tagged), outcome


@pytest.mark.parametrize("name", FILES)
def test_all_places_are_one_write_and_one_undo(name: str, journal: Path, tmp_path: Path) -> None:
    path = full(name, tmp_path)
    before = whole(path)
    (outcome,) = apply(journal, [planned(path, "Rock", fields=VALUES)])
    assert isinstance(outcome, Tagged), outcome
    assert held(path) == {"genre": ("Rock",), **VALUES}
    with closing(Journal(journal)) as opened:
        [record] = opened.history()
        [entry] = opened.changes(record.id)
    assert record.counts == {"committed": 1}
    assert (entry.new, entry.fields) == ({"genre": ("Rock",), **VALUES}, outcome.fields)
    (back,) = take_back(journal)
    assert isinstance(back, Tagged), back
    assert whole(path) == before


def test_a_field_alone_leaves_the_genre_to_the_byte(journal: Path, song: Path) -> None:
    tags.write(song, ("(17)Rock",))
    before = whole(song)
    genres = tags.read(song).genres
    written(journal, song, *genres, fields={"style": ("Dub",)})
    with tags.open(song) as file:
        assert file.raw_genres().tags[0].items == before[0].find(_id3(song)).items
    (back,) = take_back(journal)
    assert isinstance(back, Tagged) and whole(song) == before


def _id3(path: Path) -> tags.formats.handler.TagHandler:
    return tags.CONTAINERS["MP3"].handlers[0]


def test_undo_leaves_a_genre_alone_that_the_run_did_not_write(journal: Path, song: Path) -> None:
    tags.write(song, ("Old",))
    written(journal, song, "Old", fields={"style": ("Dub",)})
    tags.write(song, ("Mine",))
    (back,) = take_back(journal)
    assert isinstance(back, Tagged)
    assert held(song, "genre", "style") == {"genre": ("Mine",), "style": ()}


@pytest.mark.parametrize("changed", [{"style": ("Mine",)}, {"genre": ("Mine",)}])
def test_undo_names_and_leaves_what_somebody_changed_since(
    changed: Values, journal: Path, song: Path
) -> None:
    put(song, {"style": ("First",)})
    before = whole(song)
    written(journal, song, "Rock")
    put(song, changed)
    now = song.read_bytes()
    (back,) = take_back(journal)
    assert isinstance(back, Skipped) and back.reason == undo.CHANGED_SINCE
    assert song.read_bytes() == now
    with closing(Journal(journal)) as opened:
        outcomes = list(undo.plan(opened, opened.history()[0].id, force=True))
    (back,) = apply(journal, outcomes)
    assert isinstance(back, Tagged) and back.notes[:1] == (undo.CHANGED_SINCE,)
    assert whole(song) == before


def test_undo_goes_on_where_somebody_put_one_place_back(journal: Path, song: Path) -> None:
    put(song, {"genre": ("Old",), "style": ("First",)})
    before = whole(song)
    written(journal, song, "Rock", fields={"style": ("Dub",)})
    put(song, {"genre": ("Old",)})
    with closing(Journal(journal)) as opened:
        outcomes = list(undo.plan(opened, opened.history()[0].id, force=True))
    (back,) = apply(journal, outcomes)
    assert isinstance(back, Tagged) and whole(song) == before


def test_an_undo_that_has_nothing_to_do_says_so(journal: Path, song: Path) -> None:
    written(journal, song, "Rock")
    put(song, dict.fromkeys((*PLACES, FREE), ()))
    (back,) = take_back(journal)
    assert isinstance(back, Unchanged) and back.reason == "has its old genres already"


def test_an_undo_of_an_undo_writes_the_fields_again(journal: Path, song: Path) -> None:
    written(journal, song, "Rock")
    with_all = whole(song)
    take_back(journal)
    with closing(Journal(journal)) as opened:
        newest = opened.history()[-1].id
    (again,) = take_back(journal, newest)
    assert isinstance(again, Tagged) and whole(song) == with_all


@pytest.mark.parametrize("place", ["genre", *VALUES])
def test_a_place_that_changed_since_the_decision_is_left_alone(
    place: str, journal: Path, song: Path
) -> None:
    decision = planned(song, "Rock", fields=VALUES)
    put(song, {place: ("Mine",)})
    later = replace(decision, change=replace(decision.change, stamp=None))
    data = song.read_bytes()
    for outcome in apply(journal, [decision, later]):
        assert isinstance(outcome, Failed) and outcome.error
        assert outcome.error.code is Code.CHANGED
    assert song.read_bytes() == data and pending(journal) == []


def test_a_file_that_has_all_already_is_done(journal: Path, song: Path) -> None:
    decision = planned(song, "Rock", fields=VALUES)
    put(song, {"genre": ("Rock",), **VALUES})
    (outcome,) = apply(journal, [decision])
    assert isinstance(outcome, Unchanged) and outcome.reason == "already as planned"


def test_names_that_a_place_cannot_hold_are_refused(journal: Path, song: Path) -> None:
    before = song.read_bytes()
    (outcome,) = apply(journal, [planned(song, "Rock", fields={"style": ("Dub; House",)})])
    assert isinstance(outcome, Failed) and outcome.error
    assert outcome.error.code is Code.TAGS_UNWRITABLE and "Dub; House" in outcome.error.message
    assert song.read_bytes() == before and staged_in(song.parent) == []


def test_notes_tell_of_second_tags_that_go_on_saying_another_style(song: Path) -> None:
    from mutagen.apev2 import APEv2

    put(song, {"style": ("Old",)})
    ape = APEv2()
    ape["Style"] = "Older"
    ape.save(song)
    notes = notes_of(planned(song, fields={"style": ("Dub",)}).change)
    assert notes == ("its APEv2 tag goes on saying Older",)


# Plans


def test_a_plan_carries_fields_and_can_be_edited(journal: Path, song: Path, tmp_path: Path) -> None:
    path = write_plan(tmp_path / "plan.jsonl", [planned(song, "Rock", fields=VALUES)])
    [row] = map(json.loads, path.read_text("utf-8").splitlines())
    assert row["schema"] == 1
    assert row["fields"]["style"] == {"before": [], "after": ["Shoegaze", "Dream Pop"]}
    row["fields"]["style"]["after"] = ["Dub"]
    path.write_text(json.dumps(row), "utf-8")
    (outcome,) = apply(journal, plans.read(path).changes)
    assert isinstance(outcome, Tagged)
    assert held(song) == {"genre": ("Rock",), **VALUES, "style": ("Dub",)}


def test_a_plan_without_fields_has_no_such_key(song: Path, tmp_path: Path) -> None:
    path = write_plan(tmp_path / "plan.jsonl", [planned(song, "Rock")])
    assert '"fields"' not in path.read_text("utf-8")
    assert plans.read(path).changes[0].fields == ()


@pytest.mark.parametrize(
    "fields",
    [
        [], "style", {"lyrics": {"before": [], "after": ["x"]}}, {"style": {"after": ["x"]}},
        {"style": {"before": [], "after": "x"}}, {"style": {"before": [], "after": [" "]}},
        {"style": {"before": [], "after": [1]}}, {"TXXX:ARTIST": {"before": [], "after": ["x"]}},
        {"genre": {"before": [], "after": ["x"]}}, {"style": None},
    ],
)  # fmt: skip
def test_a_plan_with_other_fields_is_refused(fields: object, song: Path, tmp_path: Path) -> None:
    path = write_plan(tmp_path / "plan.jsonl", [planned(song, "Rock", fields=VALUES)])
    [row] = map(json.loads, path.read_text("utf-8").splitlines())
    path.write_text(json.dumps(row | {"fields": fields}), "utf-8")
    with pytest.raises(UsageError) as caught:
        plans.read(path)
    assert caught.value.code is Code.BAD_PLAN


# The journal


@pytest.mark.parametrize("swapped", [False, True])
def test_what_a_killed_run_left_is_settled_by_all_places(
    swapped: bool, journal: Path, song: Path
) -> None:
    tags.write(song, ("Rock",))
    before = whole(song)
    written(journal, song, "Rock", fields=VALUES)
    if not swapped:
        put(song, dict.fromkeys(VALUES, ()))
    with closing(sqlite3.connect(journal / FILE)) as database:
        database.execute("UPDATE change SET state = 'pending', raw_after = NULL")
        database.commit()
    with closing(Journal(journal)) as opened:
        recover(opened)
        [record] = opened.history()
    assert record.counts == ({"committed": 1} if swapped else {"abandoned": 1})
    take_back(journal)
    assert held(song) == {"genre": ("Rock",)} | dict.fromkeys(VALUES, ())
    assert not swapped or whole(song) == before


def test_what_a_person_decided_stays_decided_when_a_style_is_written(
    journal: Path, song: Path
) -> None:
    by_person = replace(planned(song, "Mine"), by_person=True)
    apply(journal, [by_person])
    written(journal, song, "Mine", fields={"style": ("Dub",)})
    with closing(Journal(journal)) as opened:
        assert opened.origin(song).decided == ("Mine",)


# Killed


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs signals that kill")
def test_a_killed_writer_writes_all_places_of_a_file_or_none(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    sys.stderr.write(f"seed {seed}\n")
    chance = random.Random(seed)
    folder, journal, plan = tmp_path / "music", tmp_path / "journal", tmp_path / "plan"
    folder.mkdir()
    made = tmp_path / "made"
    made.mkdir()
    music = [Path(shutil.copy2(path, folder)) for path in songs(made, 1.0)]
    original = {path: whole(path) for path in music}
    killed = 0
    with Writers(journal) as writers:
        write_plan(plan, [planned(path, *wishes(0)[0], fields=wishes(0)[1]) for path in music])
        status, duration_s = writers.run(plan)
        assert status == 0
        for number in range(1, 10 * KILLS):
            if killed == KILLS:
                break
            before = {path: held(path) for path in music}
            genres, fields = wishes(number)
            changes = [planned(path, *genres, fields=fields) for path in music]
            write_plan(plan, changes)
            undoes = number % 4 == 0
            after_s = chance.uniform(0, duration_s / 2 if undoes else duration_s)
            status, _ = writers.run(None if undoes else plan, partial(time.sleep, after_s))
            assert status in (0, -signal.SIGKILL)
            killed += status < 0
            for path in music:
                now = held(path)
                if not undoes:
                    assert now in (before[path], {"comment": before[path]["comment"],
                                                  "genre": genres, **fields})  # fmt: skip
    assert killed == KILLS
    with closing(Journal(journal)) as opened:
        recover(opened)
        runs = [record.id for record in opened.history() if record.counts.get("committed")]
    for run in reversed(runs):
        assert {outcome.status for outcome in take_back(journal, run)} == {"tagged"}
    assert {path: whole(path) for path in music} == original
    assert staged_in(folder) == [] and pending(journal) == []


def wishes(number: int) -> tuple[tuple[str, ...], Mapping[str, tuple[str, ...]]]:
    """Other genres and fields each time, of other lengths."""
    long = "x" * (97 * number % 700)
    return (f"G {number}{long}",), {
        "style": tuple(f"S {number} {n}{long}" for n in range(2)),
        "grouping": (f"P {number}",),
        FREE: (f"F {number}",),
    }


def test_a_write_stopped_by_an_error_leaves_no_trace(
    journal: Path, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = song.read_bytes()
    monkeypatch.setattr(tags.TaggedFile, "write", lambda self, values, layout: None)
    (outcome,) = apply(journal, [planned(song, "Rock", fields=VALUES)])
    assert isinstance(outcome, Failed) and outcome.error
    assert outcome.error.code is Code.VERIFY_FAILED
    assert song.read_bytes() == before and staged_in(song.parent) == []


def test_a_dry_run_is_the_absence_of_a_write(journal: Path, song: Path) -> None:
    decision = planned(song, "Rock", fields=VALUES)
    assert isinstance(decision, Planned) and decision.fields == decision.change.fields
    with writing(journal):
        pass
    assert held(song) == {"genre": ()} | dict.fromkeys(VALUES, ())
