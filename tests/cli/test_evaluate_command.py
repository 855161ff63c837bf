"""`genretag evaluate` on files whose genres a toy model is known to hear."""

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from audio_files import RECIPES, encode, garbage, tone, write_tone
from toy_model import HIGH_HZ, LOW_HZ

from genretag import tags

SECONDS = 2.0


def song(path: Path, hz: float, *genres: str) -> Path:
    """Write a file that the model predicts as Low or High, with these genres."""
    write_tone(path, SECONDS, hz=hz)
    if genres:
        tags.write(path, genres)
    return path


def songs(folder: Path, count: int, hz: float, *genres: str) -> None:
    for number in range(count):
        song(folder / f"{hz:.0f} {'-'.join(genres)} {number}.wav", hz, *genres)


@pytest.fixture
def library(music: Path) -> Path:
    """Write 16 files predicted as Low, 14 of them rightly, and 9 as High, all rightly."""
    music.mkdir()
    songs(music, 14, LOW_HZ, "low")
    songs(music, 2, LOW_HZ, "High", "Low")
    songs(music, 9, HIGH_HZ, "High")
    songs(music, 2, LOW_HZ, "Very Low")
    songs(music, 3, HIGH_HZ, "Treble")
    songs(music, 1, LOW_HZ)
    return music


@pytest.fixture
def evaluate(genretag, library):
    """Return a function that runs the command on the library and returns its object."""

    def run(*arguments: str | Path, code: int = 0, **environment: str) -> dict:
        done = genretag("evaluate", library, "--format", "jsonl", *arguments, **environment)
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout)

    return run


def test_what_genretag_wrote_proves_nothing(genretag, music) -> None:
    music.mkdir()
    songs(music, 3, LOW_HZ)
    songs(music, 2, HIGH_HZ, "High")
    assert genretag("scan", music, "--threshold", "0.1").returncode == 0

    def judged() -> dict:
        run = genretag("evaluate", music, "--format", "jsonl")
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)["files"]

    found = judged()
    assert (found["judged"], found["own"], found["untagged"]) == (2, 3, 0)
    shown = genretag("evaluate", music).stdout
    assert "3 with the genres that genretag wrote" in shown
    tags.write(next(music.glob("150*")), ["Low", "High"])
    assert (judged()["judged"], judged()["own"]) == (3, 2)
    assert genretag("undo", "-y").returncode in (0, 1)
    assert judged()["own"] == 0


def test_known_predictions_give_the_numbers_of_pencil_and_paper(evaluate) -> None:
    found = evaluate()
    assert found["files"] == {
        "judged": 25, "untagged": 1, "own": 0, "unmapped": 5, "dropped": 0, "silent": 0,
        "skipped": 0, "failed": 0,
    }  # fmt: skip
    grades = found["grades"]
    assert grades["accuracy"] == pytest.approx(23 / 25)
    assert grades["accuracy_any"] == 1.0
    assert grades["confusion"] == [[14, 0, 0], [0, 0, 0], [2, 0, 9]]
    low, high = grades["genres"]["Low"], grades["genres"]["High"]
    assert (low["precision"], low["recall"]) == pytest.approx((14 / 16, 1.0))
    assert (high["precision"], high["recall"]) == pytest.approx((1.0, 9 / 11))
    assert (low["files"], low["heard"], high["files"], high["heard"]) == (14, 16, 11, 9)
    f1 = (2 * 14 / (14 + 16), 2 * 9 / (11 + 9))
    assert grades["f1_macro"] == pytest.approx(sum(f1) / 2)
    scores = grades["reliability"]
    assert sum(one["files"] for one in scores) == 25
    gaps = sum(abs(one["right"] - one["score"]) * one["files"] for one in scores)
    assert grades["ece"] == pytest.approx(gaps / 25)
    assert [one["coverage"] for one in grades["coverage"]][-1] == 1.0
    assert grades["coverage"][-1]["precision"] == pytest.approx(23 / 25)
    assert found["unknown_names"] == [
        {"name": "Treble", "files": 3, "genre": "High", "reason": "model"},
        {"name": "Very Low", "files": 2, "genre": "Low", "reason": "name"},
    ]
    assert found["map_lines"] == ['"Treble" = "High"  # the model says so', '"Very Low" = "Low"']


def test_nothing_is_written_into_files(genretag, library) -> None:
    before = {file: file.read_bytes() for file in library.iterdir()}
    assert genretag("evaluate", library, GENRETAG_POLICY="replace").returncode == 0
    assert {file: file.read_bytes() for file in library.iterdir()} == before
    assert "Nothing" in genretag("history").stderr or not genretag("history").stdout


def test_proposed_lines_make_names_known(evaluate, tmp_path) -> None:
    lines = tmp_path / "map.toml"
    lines.write_text("[aliases]\n" + "\n".join(evaluate()["map_lines"]) + "\n")
    found = evaluate("--map", lines)
    assert (found["files"]["judged"], found["files"]["unmapped"]) == (30, 0)
    assert found["grades"]["accuracy"] == pytest.approx(28 / 30)
    assert found["unknown_names"] == found["map_lines"] == []


def test_a_map_says_what_files_call_the_genres_of_the_model(evaluate, tmp_path) -> None:
    file = tmp_path / "map.toml"
    file.write_text('drop = ["Low"]\n[rename]\nHigh = "Treble"\n')
    found = evaluate("--map", file)
    assert found["files"]["judged"] == 9 + 3
    assert found["files"]["dropped"] == 14 + 2
    assert list(found["grades"]["genres"]) == ["Middle", "Treble"]
    assert found["grades"]["accuracy"] == 1.0


def test_a_wrong_map_is_refused_with_its_line(genretag, library, tmp_path) -> None:
    file = tmp_path / "map.toml"
    file.write_text('[aliases]\nHouse = "Middle"\nTrance = "Nothing"\n')
    run = genretag("evaluate", library, "--map", file)
    assert run.returncode == 2 and "line 3" in run.stderr and not run.stdout


def test_what_scan_has_heard_is_not_heard_again(evaluate, genretag, library) -> None:
    assert genretag("scan", "-n", "--policy", "replace", library).returncode == 0
    before = _sounds(genretag)
    assert evaluate() == evaluate("--no-cache")
    assert _sounds(genretag) == before


def _sounds(genretag) -> str:
    lines = genretag("cache", "stats").stdout.splitlines()
    return next(line for line in lines if line.startswith("sounds")).split()[1]


def test_files_without_a_genre_are_not_heard(genretag, music) -> None:
    music.mkdir()
    song(music / "a.flac", LOW_HZ)
    assert genretag("evaluate", music).returncode == 0
    assert _sounds(genretag) == "0"


def test_people_get_tables_and_counts_on_different_streams(genretag, library) -> None:
    run = genretag("evaluate", library, COLUMNS="80")
    assert run.returncode == 0
    for words in ("25 of 31 files", "accuracy", "macro-F1", "ECE", "Low", "[aliases]"):
        assert words in run.stdout
    assert "31 files in" in run.stderr and "\x1b" not in run.stdout + run.stderr
    assert max(map(len, run.stdout.splitlines())) <= 80


def test_output_goes_to_a_file(genretag, library, tmp_path) -> None:
    file = tmp_path / "result.json"
    run = genretag("evaluate", library, "--format", "json", "-o", file)
    assert run.returncode == 0 and not run.stdout
    assert json.loads(file.read_text())["files"]["judged"] == 25


# The threshold


# Of the 25 songs that are compared 23 are right, so surely more than 70%.
ENOUGH = ("--target-precision", "0.7", "--save")


def test_saving_keeps_everything_else_in_the_config_file(genretag, library, toy, tmp_path) -> None:
    config = tmp_path / "config.toml"
    text = '# mine\r\ntop-k = 2\r\n[scan]\r\nexclude = ["x"] #'
    config.write_bytes(text.encode())
    run = genretag("evaluate", library, *ENOUGH)
    assert run.returncode == 0, run.stderr
    result = json.loads(
        genretag("evaluate", library, "--target-precision", "0.7", "--format", "json").stdout
    )
    model, target = result["model"], result["grades"]["target"]
    assert target["reached"] and target["precision"] >= 0.7
    number = f"{target['threshold']:.2f}"
    entry = f'[thresholds]\r\n"{model}" = {number}\r\n'
    assert config.read_bytes().decode() == f"{text}\r\n\r\n{entry}"
    assert f"Saved threshold {number} for {model} in" in run.stderr
    # Another model's, a comment, and a table behind it stay; the model's own is replaced.
    text = f'[thresholds] # saved\n"other@1" = 0.1\n  "{model}"=0.98 # strict\n[scan]\ntop-k = 1'
    config.write_text(text)
    assert genretag("evaluate", library, *ENOUGH).returncode == 0
    assert config.read_text() == text.replace("0.98", number)
    config.write_text("[thresholds] # saved\n\n[scan]\ntop-k = 1\n")
    assert genretag("evaluate", library, *ENOUGH).returncode == 0
    assert tomllib.loads(config.read_text()) == {
        "thresholds": {model: float(number)}, "scan": {"top-k": 1},
    }  # fmt: skip


def test_scan_inspect_and_report_go_by_the_saved_threshold_and_say_so(
    genretag, library, tmp_path
) -> None:
    config = tmp_path / "new" / "config.toml"
    place = {"GENRETAG_CONFIG": str(config), "HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    assert genretag("evaluate", library, *ENOUGH, **place).returncode == 0
    assert list(config.parent.iterdir()) == [config]
    ((model, saved),) = tomllib.loads(config.read_text())["thresholds"].items()
    assert saved < 0.6  # the model's own, which all its scores reach
    config.write_text(f'[thresholds]\n"{model}" = 1.0\n')
    file = next(library.glob("150*"))
    notice = "Threshold 1.00 from ~/new/config.toml, saved there for this model."
    run = genretag("scan", "-n", "--policy", "replace", file, "--format", "jsonl", **place)
    assert json.loads(run.stdout)["status"] == "unsure" and notice in run.stderr.replace("\\", "/")
    run = genretag("inspect", file, "--format", "jsonl", **place)
    assert json.loads(run.stdout)["threshold"] == 1.0 and "Threshold 1.00" in run.stderr
    run = genretag("report", library, "-o", tmp_path / "page.html", **place)
    assert "Threshold 1.00" in run.stderr
    run = genretag("scan", "-n", file, "--threshold", "0.5", **place)
    assert "Threshold" not in run.stderr


def test_a_threshold_is_for_the_model_for_which_it_was_found(genretag, music, tmp_path) -> None:
    music.mkdir()
    file = song(music / "a.wav", LOW_HZ)
    (tmp_path / "config.toml").write_text('[thresholds]\n"toy@0123456789ab" = 1.0\n')
    run = genretag("scan", "-n", file, "--format", "jsonl")
    assert json.loads(run.stdout)["status"] == "planned" and "Threshold" not in run.stderr


def test_scan_says_where_any_other_threshold_is_from(genretag, music, tmp_path) -> None:
    music.mkdir()
    file = song(music / "a.wav", LOW_HZ)
    config = tmp_path / "config.toml"
    config.write_text("\nthreshold = 0.1\n")
    assert f"Threshold 0.10 from {config}, line 2." in genretag("scan", "-n", file).stderr
    run = genretag("scan", "-n", file, GENRETAG_THRESHOLD="0.2")
    assert "Threshold 0.20 from GENRETAG_THRESHOLD in the environment." in run.stderr


def test_what_goes_before_a_saved_threshold_is_named(genretag, library, tmp_path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[scan]\nthreshold = 0.9\n")
    run = genretag("evaluate", library, *ENOUGH)
    assert run.returncode == 0
    assert f"The threshold 0.90 from {config}, line 2 goes before it" in run.stderr


def test_a_linked_config_file_stays_a_link(genretag, library, tmp_path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text("top-k = 1\n")
    (tmp_path / "config.toml").symlink_to(real)
    assert genretag("evaluate", library, *ENOUGH).returncode == 0
    assert (tmp_path / "config.toml").is_symlink()
    assert real.read_text().startswith("top-k = 1\n\n[thresholds]\n")


@pytest.mark.parametrize(
    ("arguments", "shown", "lack"),
    [
        (["--target-precision", "0.99"], "No threshold has a precision", "with at least 20 files"),
        ([], "Only 19 files can be compared", "only 19 files can be compared"),
    ],
)
def test_a_threshold_that_cannot_be_had_is_not_saved(
    genretag, music, tmp_path, arguments, shown, lack
) -> None:
    music.mkdir()
    songs(music, 19 if not arguments else 24, LOW_HZ, "Low")
    songs(music, 0 if not arguments else 2, LOW_HZ, "High")
    run = genretag("evaluate", music, "--save", *arguments)
    assert run.returncode == 3
    assert shown in run.stdout
    assert "no-threshold" in run.stderr and lack in run.stderr
    assert not (tmp_path / "config.toml").exists()


def test_few_files_do_not_make_a_threshold(genretag, library, tmp_path) -> None:
    run = genretag("evaluate", library, "--save")
    assert run.returncode == 3 and "no-threshold" in run.stderr
    assert "25 files were compared, where it takes 100" in run.stderr
    assert "surely above 90%" in run.stderr
    assert not (tmp_path / "config.toml").exists()


def test_a_hundred_files_make_one(genretag, music, tmp_path) -> None:
    music.mkdir()
    songs(music, 1, LOW_HZ, "Low")
    songs(music, 1, HIGH_HZ, "Low")
    low, high = sorted(music.iterdir())
    for number in range(91):
        shutil.copy(low, music / f"low {number}.wav")
    for number in range(7):
        shutil.copy(high, music / f"high {number}.wav")
    run = genretag("evaluate", music, "--save")
    assert run.returncode == 0, run.stderr
    assert "Saved threshold" in run.stderr
    assert len(tomllib.loads((tmp_path / "config.toml").read_text())["thresholds"]) == 1


def test_a_config_that_hides_the_entry_is_left_alone(genretag, library, tmp_path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('exclude = ["""\n[thresholds]\n"""]\n')
    before = config.read_bytes()
    run = genretag("evaluate", library, *ENOUGH)
    assert run.returncode == 2 and "no telling where" in run.stderr
    assert config.read_bytes() == before


# What can go wrong


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--target-precision", "0.3", "."],
        ["--target-precision", "1", "."],
        ["--format", "csv", "."],
        ["--map", "/nowhere.toml", "."],
        ["--policy", "add", "."],
    ],
)
def test_a_wrong_command_line_exits_2(genretag, arguments) -> None:
    run = genretag("evaluate", *arguments)
    assert run.returncode == 2 and run.stderr and not run.stdout


def test_a_file_that_fails_is_named_and_the_rest_is_compared(genretag, library) -> None:
    garbage(library / "bad.flac")
    run = genretag("evaluate", library, "--format", "json")
    assert run.returncode == 1
    assert "bad.flac" in run.stderr and "1 failed" in run.stderr
    assert json.loads(run.stdout)["files"] | {"judged": 25} == json.loads(run.stdout)["files"]


def test_silence_is_counted_and_not_judged(genretag, music) -> None:
    music.mkdir()
    quiet = encode(music / "quiet.wav", 0 * tone(SECONDS), RECIPES["WAV"])
    tags.write(quiet, ("Low",))
    found = json.loads(genretag("evaluate", music, "--format", "json").stdout)
    assert found["files"]["silent"] == 1 and found["grades"] is None


@pytest.mark.parametrize("genres", [(), ("Polka",)])
def test_without_a_known_genre_it_says_what_is_missing(genretag, music, genres) -> None:
    music.mkdir()
    song(music / "a.wav", LOW_HZ, *genres)
    run = genretag("evaluate", music)
    assert run.returncode == 0
    assert "Nothing can be said: no file has a genre that the model knows." in run.stdout


def test_an_empty_folder_is_no_error(genretag, music) -> None:
    music.mkdir()
    run = genretag("evaluate", music)
    assert run.returncode == 0 and "No audio files were found there." in run.stderr


def test_hostile_names_cannot_act_on_the_terminal(genretag, music) -> None:
    music.mkdir()
    song(music / "a.flac", LOW_HZ, "\x1b[31mLow\x1b[0m [bold]x[/]\u202e")
    song(music / "b.flac", LOW_HZ, "Low")
    run = genretag("evaluate", music)
    assert run.returncode == 0, run.stderr
    assert "\x1b" not in run.stdout and "\u202e" not in run.stdout
    assert r"\x1b[31mLow\x1b[0m [bold]x[/.." in run.stdout
