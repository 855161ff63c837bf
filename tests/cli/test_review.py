"""A person decides what is unsure: line by line, on a screen, and in a table."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import toy_model
from test_albums import MIXED, album
from toy_model import LOW_HZ, MANIFEST, POOLING

from genretag import read_genres
from genretag.errors import Code, RunError, UsageError
from genretag.library.decisions import FILE, open_decisions


@pytest.fixture
def home(home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Return an environment with a toy model that can decide several tracks together."""
    model = toy_model.save(tmp_path / "pooling.onnx", replace(MANIFEST, pooling=POOLING))
    return home | {"GENRETAG_MODEL": str(model)}


@pytest.fixture
def albums(music: Path) -> dict[str, list[Path]]:
    """Return albums that the toy model is unsure of, one that it is sure of, and a wrong one."""
    return {
        "Long": album(music / "Tool" / "Long", MIXED, MIXED, MIXED),
        "Short": album(music / "Tool" / "Short", MIXED, MIXED),
        "Other": album(music / "Air" / "Other", MIXED, MIXED),
        "Sure": album(music / "Air" / "Sure", (LOW_HZ,), (LOW_HZ,)),
        "Wrong": album(music / "Air" / "Wrong", (LOW_HZ,), (LOW_HZ,), genre="High"),
    }


def genres_of(albums: dict[str, list[Path]]) -> dict[str, set[tuple[str, ...]]]:
    return {name: {read_genres(path) for path in paths} for name, paths in albums.items()}


class TestLineByLine:
    @pytest.fixture
    def review(self, genretag, home, music: Path) -> Callable[[str], str]:
        """Return a function that answers, and returns what was shown."""
        import subprocess

        from command import COMMAND

        def run(answers: str, *options: str | Path) -> str:
            folder = () if Path() in options else (music,)
            done = subprocess.run(
                [*COMMAND, "review", "--plain", *map(str, (*options, *folder))],
                env=home, input=answers, capture_output=True, text=True, timeout=120,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            return done.stderr + done.stdout

        return run

    def test_the_album_that_settles_most_comes_first_and_sure_ones_never(self, review, albums):
        shown = re.findall(r"\d of 4: album \w+ / (\w+), (\d)", review("\n\n\n\n"))
        assert shown[0] == ("Long", "3")
        assert {name for name, _ in shown} == {"Long", "Short", "Other", "Wrong"}
        assert genres_of(albums)["Long"] == {()}

    def test_guesses_and_names_are_written_and_taken_back(self, review, genretag, albums):
        shown = review("1\nTrip Hop; Dub\n\n\nq\n")
        written = genres_of(albums)
        assert written["Long"] == {("Low",)} and "4 of 9 tracks" not in shown
        assert {("Trip Hop", "Dub")} in written.values()
        assert genretag("undo").returncode == 0
        assert genres_of(albums)["Long"] == {()}

    def test_one_answer_for_all_by_an_artist(self, review, albums):
        review("* Jazz\nq\n")
        written = genres_of(albums)
        assert written["Long"] == written["Short"] == {("Jazz",)} != written["Other"]

    def test_track_by_track(self, review, albums):
        review("t\nJazz\n\n2\nq\n")
        assert [read_genres(path) for path in albums["Long"]] == [("Jazz",), (), ("High",)]

    def test_a_mistake_is_explained_and_asked_again(self, review, albums):
        shown = review("7\n?\nOther\nJazz\nq\n")
        assert "there is no guess 7" in shown and "counts as no genre" in shown
        assert "take the last decision back" in shown
        assert genres_of(albums)["Long"] == {("Jazz",)}

    def test_what_is_taken_back_is_asked_again(self, review, albums):
        shown = review("Jazz\nu\nPop\nq\n")
        assert shown.count("album Tool / Long") >= 2
        assert genres_of(albums)["Long"] == {("Pop",)}

    def test_what_is_taken_back_is_asked_again_from_within_the_folder(
        self, review, albums, monkeypatch, music
    ):
        monkeypatch.chdir(music)
        review("Jazz\nu\nPop\nq\n", Path())
        assert genres_of(albums)["Long"] == {("Pop",)}

    def test_a_single_track_that_is_taken_back_is_asked_again(self, review, albums):
        review("t\n\n\nJazz\nu\nPop\nq\n")
        assert genres_of(albums)["Long"] == {("Pop",)}

    def test_what_an_earlier_review_decided_can_be_taken_back(self, review, albums, home):
        paths = [path for album in albums.values() for path in album]
        with open_decisions(Path(home["GENRETAG_DATA_DIR"])) as decisions:
            for path in paths:
                decisions.record({path.absolute(): ("Jazz",)})
            decisions.record(dict.fromkeys(map(Path.absolute, albums["Other"]), ("Jazz",)))
        shown = review("u\nPop\nq\n")
        assert "All is decided already" in shown
        written = genres_of(albums)
        assert written["Other"] == {("Pop",)} and written["Long"] == {("Jazz",)}

    def test_a_review_that_was_killed_while_it_wrote_is_carried_on(
        self, review, genretag, albums, home
    ):
        genretag("set", "Jazz", albums["Long"][0], albums["Sure"][0])
        with open_decisions(Path(home["GENRETAG_DATA_DIR"])) as decisions:
            for path in (*albums["Long"], *albums["Sure"]):
                decisions.record({path.absolute(): ("Jazz",)})
        review("q\n")
        written = genres_of(albums)
        assert written["Long"] == written["Sure"] == {("Jazz",)}
        genretag("undo")
        assert "\n0 of" in review("q\n").replace("): ", "\n")

    def test_without_a_guess_that_may_be_written_nothing_is_called_silent(
        self, review, albums, tmp_path
    ):
        (tmp_path / "map.toml").write_text('drop = ["Low", "Middle", "High"]')
        shown = review("q\n", "--map", tmp_path / "map.toml")
        assert "no guess that may be written" in shown and "silen" not in shown

    def test_who_keeps_a_contradiction_is_not_asked_again(self, review, genretag, albums, music):
        shown = review("=\n\n=\nq\n")
        assert "no genre to keep" in shown and "album Air / Wrong" in shown
        assert "album Air / Wrong" not in review("\n\n\n")
        assert genres_of(albums)["Wrong"] == {("High",)}

    def test_the_next_review_asks_for_what_is_left(self, review, albums):
        review("Jazz\nq\n")
        shown = review("\n\n\n")
        assert "album Tool / Long" not in shown and "of 3: album" in shown

    def test_what_a_person_decided_is_not_taken_for_genretags_own(
        self, review, genretag, albums, music
    ):
        genretag("scan", music)
        own = genretag("evaluate", music, "--format", "json").stdout
        review("High\nq\n")
        decided = genretag("evaluate", music, "--format", "json").stdout
        assert json.loads(decided)["files"]["judged"] == json.loads(own)["files"]["judged"] + 3


def test_without_a_terminal_the_screen_says_what_to_use(genretag, albums, music) -> None:
    done = genretag("review", music)
    assert done.returncode == 2 and "--plain" in done.stderr


def test_without_a_path_it_is_the_folder_of_the_last_scan(genretag, albums, music) -> None:
    assert "PATH is missing" in genretag("review", "--plain").stderr
    genretag("scan", music)
    assert "album Tool / Long" in genretag("review", "--plain").stderr


def test_where_nothing_is_left_it_says_so(genretag, music) -> None:
    album(music / "Air" / "Sure", (LOW_HZ,), (LOW_HZ,))
    done = genretag("review", "--plain", music)
    assert done.returncode == 0 and "Nothing waits for a decision there." in done.stderr


def test_a_table_of_what_is_unsure_is_filled_in_and_carried_out(
    genretag, albums, music, tmp_path
) -> None:
    table = tmp_path / "unsure.csv"
    done = genretag("scan", music, "--unsure", table)
    assert f"genretag apply {table}" in done.stderr
    text = table.read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["name"] == "Tool / Long" and rows[0]["guess_1"] == "Low"
    assert {row["name"] for row in rows} == {"Tool / Long", "Tool / Short", "Air / Other"}
    table.write_text(text.replace("\n,album,Tool / Long", "\nTrip Hop,album,Tool / Long"))
    assert genretag("apply", table).returncode == 0
    assert genres_of(albums)["Long"] == {("Trip Hop",)} != genres_of(albums)["Short"]
    again = genretag("scan", music, "--unsure", table)
    assert again.returncode == 2 and "was not overwritten" in again.stderr


def test_a_table_that_apply_would_not_know_is_refused(genretag, albums, music, tmp_path) -> None:
    done = genretag("scan", music, "--unsure", tmp_path / "unsure.txt")
    assert done.returncode == 2 and "must end with .csv" in done.stderr
    assert not (tmp_path / "unsure.txt").exists()


def test_a_file_that_got_a_genre_since_the_table_was_made_keeps_it(
    genretag, albums, music, tmp_path
) -> None:
    table = tmp_path / "unsure.csv"
    genretag("scan", music, "--unsure", table)
    genretag("set", "Polka", albums["Long"][0])
    table.write_text(table.read_text("utf-8-sig").replace("\n,album", "\nJazz,album"))
    genretag("apply", table)
    assert [read_genres(path) for path in albums["Long"]] == [("Polka",), ("Jazz",), ("Jazz",)]


def test_a_table_with_one_bad_row_writes_nothing(genretag, albums, music, tmp_path) -> None:
    table = tmp_path / "unsure.csv"
    genretag("scan", music, "--unsure", table)
    text = table.read_text("utf-8-sig").replace("\n,album", "\nJazz,album", 1)
    table.write_text(text.replace("\n,album", "\n?,album", 1))
    done = genretag("apply", table)
    assert done.returncode == 2 and "line 3:" in done.stderr and "(bad-plan)" in done.stderr
    assert genres_of(albums)["Long"] == {()}


class TestDecisionsAreKept:
    def test_whatever_ends_a_review(self, tmp_path: Path) -> None:
        paths = [Path("/music/a\udcff.mp3"), Path("/music/b.mp3")]
        with open_decisions(tmp_path) as decisions:
            decisions.record(dict.fromkeys(paths, ("Jazz",)))
            decisions.record({paths[1]: ()})
        with (tmp_path / FILE).open("a") as stream:
            stream.write('{"path": "/music/c.mp3", "gen')  # cut off by a kill
        with open_decisions(tmp_path) as decisions:
            assert decisions.genres == {paths[0]: ("Jazz",)}
            decisions.record({paths[1]: ("Pop",)})
        with open_decisions(tmp_path) as decisions:
            assert decisions.genres == {paths[0]: ("Jazz",), paths[1]: ("Pop",)}
            decisions.forget([paths[0]])
        with open_decisions(tmp_path) as decisions:
            assert decisions.genres == {paths[1]: ("Pop",)}

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
    def test_unless_the_disk_is_full_and_then_none_of_a_step_is(self, tmp_path: Path) -> None:
        path = Path("/music/a.mp3")
        with open_decisions(tmp_path) as decisions:
            (tmp_path / FILE).symlink_to("/dev/full")
            with pytest.raises(RunError, match="cannot be kept there: No space") as caught:
                decisions.record({path: ("Jazz",)})
            assert caught.value.code is Code.OUTPUT_FAILED and not decisions.genres
            (tmp_path / FILE).unlink()
            decisions.record({path: ("Pop",)})
        with open_decisions(tmp_path) as decisions:
            assert decisions.genres == {path: ("Pop",)}

    def test_one_review_at_a_time(self, tmp_path: Path) -> None:
        with (
            open_decisions(tmp_path),
            pytest.raises(UsageError) as caught,
            open_decisions(tmp_path),
        ):
            pass
        assert caught.value.code is Code.REVIEW_OPEN
