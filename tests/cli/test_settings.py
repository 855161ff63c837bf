"""Flags beat the environment, which beats the config file; wrong ones change nothing."""

import json
from pathlib import Path

import pytest
from audio_files import write_tone
from toy_model import MIDDLE_HZ


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


@pytest.fixture
def status(genretag, music):
    """The status that one unclear song gets with some arguments and environment."""
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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("treshold = 0.5", "no command has an option --treshold"),
        ("threshold = ", "cannot be read"),
        ("[scan]\nthreshold = 0.5", "has a table [scan]"),
        ("policy = 'nonsense'", "nonsense"),
        ("top-k = 0", "top-k"),
    ],
)
def test_a_wrong_config_file_is_refused_by_name(genretag, config, music, text, told) -> None:
    music.mkdir()
    config.write_text(text)
    run = genretag("scan", music)
    assert run.returncode == 2
    assert told in run.stderr


def test_the_config_command_works_with_a_broken_file(genretag, config) -> None:
    config.write_text("nonsense")
    assert genretag("config", "path").stdout.strip() == str(config)
    assert genretag("config", "show").returncode == 2


def test_config_show_prints_what_is_set(genretag, config) -> None:
    assert "sets nothing" in genretag("config", "show").stderr
    config.write_text('policy = "add"\n')
    assert genretag("config", "show").stdout == "policy = 'add'\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["scan"],
        ["scan", "--policy", "nonsense", "."],
        ["scan", "--top-k", "0", "."],
        ["scan", "--threshold", "2", "."],
        ["scan", "--nonsense", "."],
        ["nonsense"],
    ],
)
def test_a_wrong_command_line_exits_2_with_a_word_on_it(genretag, arguments) -> None:
    run = genretag(*arguments)
    assert run.returncode == 2
    assert run.stderr and "Traceback" not in run.stderr


def test_options_are_called_as_on_the_command_line(genretag, home, music, tmp_path) -> None:
    music.mkdir()
    song = write_tone(music / "a.flac", seconds=3.0)
    names = tmp_path / "map.toml"
    names.write_text('[rename]\nLow = "Deep"\n')
    options = ("scan", "-n", "--threshold", "0", "--format", "jsonl", song)
    assert json.loads(genretag(*options, GENRETAG_MAP=str(names)).stdout)["after"] == ["Deep"]
    Path(home["GENRETAG_CONFIG"]).write_text(f'map = "{names}"\n')
    assert json.loads(genretag(*options).stdout)["after"] == ["Deep"]
