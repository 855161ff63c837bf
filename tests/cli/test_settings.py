"""Flags beat the environment, which beats the config file; wrong ones change nothing."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
import toy_model
from audio_files import write_tone
from toy_model import MIDDLE_HZ

from genretag import tags
from genretag.domain.genre import GenreVocabulary
from genretag.report import Format


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


@pytest.fixture
def status(genretag, music):
    """Return a function that scans one unclear song and gives its status."""
    music.mkdir()
    write_tone(music / "a.wav", seconds=3.0, hz=MIDDLE_HZ)

    def run(*arguments: str, **environment: str) -> str:
        done = genretag("scan", "-n", music, "--format", "jsonl", *arguments, **environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["status"]

    return run


def test_flags_beat_environment_and_environment_beats_the_file(status, config) -> None:
    config.write_text("threshold = 0.0\n")
    assert status() == "planned"
    assert status(GENRETAG_THRESHOLD="1.0") == "unsure"
    assert status("--threshold", "0.0", GENRETAG_THRESHOLD="1.0") == "planned"


def test_names_in_the_file_may_have_dashes_or_underscores(status, config) -> None:
    config.write_text('top-k = 2\nmax_genres = 3\nexclude = ["*.nothing"]\n')
    assert status("--threshold", "0") == "planned"


*_FIRST, _LAST = get_args(Format)
FORMATS = f"{', '.join(_FIRST)} or {_LAST}"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("treshold = 0.5", 1, "no command has an option --treshold; did you mean threshold?"),
        ("# mine\nthreshold = ", 2, "Invalid value"),
        ("policy = 'nonsense'", 1, "policy must be fill, replace or add, not nonsense"),
        ("\ntop-k = 0", 2, "top-k must be a whole number of at least 1, not 0"),
        ("top_k = 2.5", 1, "top_k must be a whole number of at least 1, not 2.5"),
        (
            "threshold = 80",
            1,
            "threshold must be a share between 0 and 1, not 80: did you mean 0.8",
        ),
        ("keep-mtime = 'maybe'", 1, "keep-mtime must be true or false, not maybe"),
        ("model = 5", 1, "model must be text, not 5"),
        ("map = '/nowhere.toml'", 1, "map names /nowhere.toml, which does not exist"),
        ("output = 'x.csv'", 1, "put it into the table of that command, such as [scan]"),
        ("[scna]\ntop-k = 2", 2, "no command for a table [scna]; did you mean scan?"),
        ("\n[[exclude]]\na = 1", 2, "exclude must be text"),
        ("[scan]\ntop-k = 1\ntreshold = 1", 3, "scan has no option --treshold"),
        ("[scan]\nformat = 'json'", 2, f"format must be {FORMATS}, not json"),
        ("scan.'top-k' = 0", 1, "top-k must be"),
        ("[thresholds]\n'toy@0' = 7", 2, "a threshold must be a share between 0 and 1"),
        ("thresholds = 7", 1, "a threshold must be a share between 0 and 1"),
    ],
)
def test_what_is_wrong_in_the_config_file_is_named_with_its_line(
    genretag, config, music, text, line, message
) -> None:
    music.mkdir()
    config.write_text(f"{text}\n")
    run = genretag("scan", music)
    assert run.returncode == 2
    assert f"{config}" in run.stderr and f"line {line}" in run.stderr and message in run.stderr
    assert "bad-config" in run.stderr and "Traceback" not in run.stderr


def test_a_config_file_in_another_encoding_says_so(genretag, config, music) -> None:
    config.write_bytes("exclude = ['für*']\n".encode("latin-1"))
    run = genretag("scan", music)
    assert run.returncode == 2 and "it is not text in UTF-8" in run.stderr


def test_tables_are_for_one_command_and_go_before_the_top_level(status, genretag, config) -> None:
    config.write_text("threshold = 1.0\n[scan]\nthreshold = 0.0\n[report]\nthreshold = 1.0\n")
    assert status() == "planned"
    config.write_text("scan = {threshold = 0.0}\n")
    assert status() == "planned"
    assert status(GENRETAG_THRESHOLD="1.0") == "unsure"


def test_what_one_command_accepts_breaks_no_other(genretag, music, config) -> None:
    music.mkdir()
    song = write_tone(music / "a.wav", seconds=3.0)
    config.write_text('format = "csv"\nsplit = "stratified"\nhidden = true\nprecision = "int8"\n')
    assert genretag("scan", "-n", music).stdout.startswith("schema,path")
    for arguments in (("inspect", song), ("evaluate", music)):
        run = genretag(*arguments)
        assert run.returncode == 0, run.stderr
        assert not run.stdout.startswith("schema")
    run = genretag("train", "evaluate", "nothing")
    assert "split" not in run.stderr and "config" not in run.stderr
    config.write_text('[scan]\nformat = "csv"\noutput = "x.csv"\n[train]\nnonsense = 1\n')
    assert genretag("inspect", song, "--format", "human").returncode == 0
    config.unlink()
    assert genretag("inspect", song, GENRETAG_FORMAT="csv").returncode == 0


def test_a_table_of_a_step_of_training_is_for_that_step(genretag, config) -> None:
    config.write_text("[train.sweep]\ntrials = 0\n")
    run = genretag("train", "sweep", "x.yaml", "--data", "x")
    assert run.returncode == 2 and "line 2" in run.stderr and "trials" in run.stderr


def test_a_home_folder_is_found_in_the_config_file(status, config, tmp_path) -> None:
    (tmp_path / "names.toml").write_text('[rename]\nMiddle = "Centre"\n')
    config.write_text('map = "~/names.toml"\n')
    assert status("--threshold", "0", HOME=str(tmp_path), USERPROFILE=str(tmp_path)) == "planned"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("GENRETAG_POLICY", "foo", "must be fill, replace or add, not foo"),
        ("GENRETAG_THRESHOLD", "80", "did you mean 0.8?"),
        ("GENRETAG_JOBS", "none", "must be a whole number of at least 1, not none"),
        ("GENRETAG_HIDDEN", "maybe", "must be true or false"),
        ("GENRETAG_MAP", "/nowhere.toml", "which does not exist"),
        ("GENRETAG_FORMAT", "xml", f"must be {FORMATS}"),
    ],
)
def test_a_wrong_variable_is_blamed_itself(genretag, music, name, value, message) -> None:
    run = genretag("scan", music, **{name: value})
    assert run.returncode == 2
    assert f"{name} in the environment" in run.stderr and message in run.stderr
    assert "--" not in run.stderr.splitlines()[0]


def test_variables_hold_lists_and_switches(genretag, music) -> None:
    music.mkdir()
    write_tone(music / "a.wav", seconds=3.0)
    write_tone(music / ".b.wav", seconds=3.0)
    scan = ("scan", "-n", music, "--format", "jsonl")
    assert len(genretag(*scan).stdout.splitlines()) == 1
    assert len(genretag(*scan, GENRETAG_HIDDEN="yes").stdout.splitlines()) == 2
    assert not genretag(*scan, GENRETAG_EXCLUDE="nothing a.*").stdout
    assert len(genretag(*scan, GENRETAG_EXCLUDE="").stdout.splitlines()) == 1


@pytest.mark.parametrize("option", ["--threshold", "--set"])
@pytest.mark.parametrize("value", ["80", "80%", "0,8"])
def test_a_share_that_is_none_gets_a_proposal(genretag, option, value) -> None:
    run = genretag("inspect", option, value, "song.flac")
    assert run.returncode == 2
    assert f"{option} must be a share" in run.stderr and "did you mean 0.8?" in run.stderr


def test_other_shares_get_one_too(genretag) -> None:
    assert "did you mean 0.9?" in genretag("evaluate", "--target-precision", "90", ".").stderr
    assert "did you mean" not in genretag("evaluate", "--target-precision", "2", ".").stderr
    assert "must be a share" in genretag("scan", "--threshold", "nan", ".").stderr


def test_the_config_command_works_with_a_broken_file(genretag, config) -> None:
    config.write_text("nonsense")
    assert genretag("config", "path").stdout.strip() == str(config)
    assert genretag("config", "show").returncode == 2


def test_config_show_prints_what_is_set_and_for_which_commands(genretag, config) -> None:
    assert "sets nothing" in genretag("config", "show").stderr
    config.write_text(
        'format = "csv"\n[thresholds]\n"toy@0" = 0.7\n[scan]\n"top-k" = 2\nexclude = ["a\\"b"]\n'
    )
    run = genretag("config", "show", GENRETAG_POLICY="add", GENRETAG_MODEL="", GENRETAG_X="1")
    assert run.returncode == 0
    assert tomllib.loads(run.stdout) == tomllib.loads(config.read_text())
    assert 'format = "csv"  # scan, apply, set, undo' in run.stdout.splitlines()[0]
    assert '# GENRETAG_POLICY="add" in the environment  # scan, watch, report' in run.stdout
    assert '# GENRETAG_X="1" in the environment  # no command has that option' in run.stdout


def test_config_show_names_every_mistake(genretag, config) -> None:
    config.write_text('policy = "foo"\n[scan]\ntop-k = 0\n[train]\nnothing = 1\n')
    run = genretag("config", "show")
    assert run.returncode == 2
    assert [n for n in range(1, 6) if f"line {n}:" in run.stderr] == [1, 3, 5]


@pytest.mark.parametrize(
    "arguments",
    [
        ["scan"],
        ["scan", "--policy", "nonsense", "."],
        ["scan", "--top-k", "0", "."],
        ["scan", "--threshold", "2", "."],
        ["scan", "--nonsense", "."],
        ["--nonsense"],
        ["nonsense"],
        ["undo", "first"],
        ["train", "--split", "nonsense"],
        ["train", "sweep"],
    ],
)
def test_a_wrong_command_line_exits_2_with_a_word_on_it(genretag, arguments) -> None:
    run = genretag(*arguments)
    assert run.returncode == 2
    message, hint = run.stderr.splitlines()
    assert message.startswith("error: ") and "Value error" not in message
    assert "--help` tells what it takes. (bad-option)" in hint


def test_options_are_called_as_on_the_command_line(genretag, home, music, tmp_path) -> None:
    music.mkdir()
    song = write_tone(music / "a.flac", seconds=3.0)
    names = tmp_path / "map.toml"
    names.write_text('[rename]\nLow = "Deep"\n')
    options = ("scan", "-n", "--threshold", "0", "--format", "jsonl", song)
    assert json.loads(genretag(*options, GENRETAG_MAP=str(names)).stdout)["after"] == ["Deep"]
    Path(home["GENRETAG_CONFIG"]).write_text(f'map = "{names}"\n')
    assert json.loads(genretag(*options).stdout)["after"] == ["Deep"]


def tagged(path: Path, *genres: str) -> Path:
    write_tone(path, seconds=3.0)
    tags.write(path, genres)
    return path


def read_objects(run) -> dict[str, dict]:
    assert run.returncode == 0, run.stderr
    return {Path(one["path"]).name: one for one in map(json.loads, run.stdout.splitlines())}


def test_junk_genres_count_as_none_everywhere(genretag, music, tmp_path) -> None:
    music.mkdir()
    tagged(music / "a.mp3", "Other")
    tagged(music / "b.flac", "unknown", "Misc.")
    tagged(music / "c.flac", "Other", "Polka")
    found = read_objects(genretag("scan", "-n", music, "--format", "jsonl"))
    assert {name: one["status"] for name, one in found.items()} == {
        "a.mp3": "planned", "b.flac": "planned", "c.flac": "unchanged",
    }  # fmt: skip
    assert [found["b.flac"]["before"], found["b.flac"]["after"]] == [["unknown", "Misc."], ["Low"]]
    counts = json.loads(genretag("evaluate", music, "--format", "json").stdout)
    assert counts["files"]["untagged"] == 2 and counts["files"]["unmapped"] == 1
    assert [one["name"] for one in counts["unknown_names"]] == ["Polka"]
    genretag("report", music, "-o", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert '"distribution":[["Low",0,2],["no genre",2,0],["Polka",1,1]]' in page
    assert genretag("scan", music).returncode == 0
    assert tags.read(music / "a.mp3").genres == ("Low",)
    assert genretag("undo", "-y").returncode == 0
    assert tags.read(music / "a.mp3").genres == ("Other",)


def test_placeholders_can_be_given_and_another_list_is_another_question(
    genretag, music, config
) -> None:
    music.mkdir()
    tagged(music / "a.flac", "Polka")
    tagged(music / "b.flac", "Other")

    def statuses(*arguments: str) -> list[str]:
        run = genretag("scan", "-n", music, "--format", "jsonl", *arguments)
        return [one["status"] for one in read_objects(run).values()]

    assert statuses() == ["unchanged", "planned"]
    assert statuses("--placeholder", "polka") == ["planned", "unchanged"]
    assert statuses("--placeholder", "+polka, Folk") == ["planned", "planned"]
    assert statuses("--placeholder", "-Other") == ["unchanged", "unchanged"]
    assert statuses("--placeholder", "") == ["unchanged", "unchanged"]
    config.write_text('placeholder = "+Polka"\n')
    assert statuses() == ["planned", "planned"]


def test_a_genre_of_the_model_is_no_placeholder(genretag, music, tmp_path) -> None:
    music.mkdir()
    tagged(music / "a.flac", "Other")
    named = replace(toy_model.MANIFEST, genres=GenreVocabulary(("Music", "Speech", "Other")))
    model = toy_model.save(tmp_path / "speech.onnx", named)
    run = genretag("scan", "-n", music, "--model", model, "--format", "jsonl")
    assert [one["status"] for one in read_objects(run).values()] == ["unchanged"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"drop = [\n", "the map cannot be read: end of document: "),
        ("drop = ['Für']".encode("latin-1"), "it is not text in UTF-8"),
        (b"[rename]\nLow = 5\n", "line 1"),
    ],
)
def test_what_is_wrong_with_a_map_is_said_in_words(
    genretag, music, tmp_path, content, words
) -> None:
    music.mkdir()
    file = tmp_path / "map.toml"
    file.write_bytes(content)
    run = genretag("scan", "-n", music, "--map", file)
    assert run.returncode == 2 and words in run.stderr and str(file) in run.stderr
    _has_no_python(run.stderr)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"nonsense\n", "line 1: this is no planned change: line 1, column 1"),
        (b"{}\n", "it lacks 'schema'"),
        (b"[]\n", "of the wrong kind"),
        (b"\xff\n", "it is not text in UTF-8"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said_in_words(genretag, tmp_path, content, words) -> None:
    plan = tmp_path / "plan.jsonl"
    plan.write_bytes(content)
    run = genretag("apply", plan)
    assert run.returncode == 2 and words in run.stderr
    _has_no_python(run.stderr)
    run = genretag("apply", tmp_path / "nothing.jsonl")
    assert run.returncode == 2 and "no such file" in run.stderr
    _has_no_python(run.stderr)


def test_what_is_wrong_with_settings_of_a_training_is_said_in_words(genretag, tmp_path) -> None:
    file = tmp_path / "run.toml"
    for content, words in (
        ("epochs = \n", "line 1"),
        ("epochs = 2.5\n", "2.5 is not a whole number"),
        ("target_precision = 80.0\n", "did you mean 0.8?"),
        ("split = 'random'\n", "not artist or stratified"),
    ):
        file.write_text(content)
        run = genretag("train", "--data", tmp_path, "--config", file)
        assert run.returncode == 2 and words in run.stderr, run.stderr
        _has_no_python(run.stderr)


def _has_no_python(text: str) -> None:
    for word in ("Errno", "Error", "Traceback", "codec", "NoneType", "('"):
        assert word not in text, text
