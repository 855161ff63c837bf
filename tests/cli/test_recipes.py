"""The recipes for runs by themselves are what they should be, as far as that can be told here."""

import configparser
import os
import plistlib
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from command import COMMAND
from typer.main import get_command

from genretag.cli.app import app

DOCS = Path(__file__).parents[2] / "docs"
RECIPES = sorted((DOCS / "recipes").iterdir())
PAGE = (DOCS / "how-to" / "night.md").read_text()
UNITS = [path for path in RECIPES if path.suffix in (".service", ".timer")]


def ids(path: Path) -> str:
    return path.name


def commands() -> list[list[str]]:
    """Return the words after `genretag` of each command in the recipes."""
    found = []
    for path in RECIPES:
        if path.suffix == ".plist":
            found.append(plistlib.loads(path.read_bytes())["ProgramArguments"][1:])
        elif path.suffix == ".service":
            unit = configparser.ConfigParser(interpolation=None)
            unit.read(path)
            found.append(unit["Service"]["ExecStart"].split()[1:])
        elif path.name == "Containerfile":
            found += [
                re.findall(r'"([^"]+)"', line) for line in re.findall("CMD (.*)", path.read_text())
            ]
        else:
            text = path.read_text().replace('\\"', "'")
            lines = re.findall(r"genretag\"? (scan [^>\n]*)", text)
            found += [shlex.split(line) for line in lines]
    return found


@pytest.mark.parametrize("path", RECIPES, ids=ids)
def test_the_page_shows_the_whole_file(path: Path) -> None:
    assert f"\n{path.read_text()}```" in PAGE


def test_every_command_in_them_and_on_the_page_is_one_that_genretag_has() -> None:
    known = get_command(app).commands  # type: ignore[attr-defined]
    shown = [line.split(" ")[1:] for line in re.findall(r"`(genretag [^`\n]+)`", PAGE)]
    assert len(commands()) >= 7
    for name, *words in [*commands(), *shown]:
        options = {flag for one in known[name].params for flag in one.opts}
        assert {word for word in words if word.startswith("--")} <= options, (name, words)


@pytest.mark.parametrize("path", [p for p in RECIPES if p.suffix == ".plist"], ids=ids)
def test_launchd_gets_absolute_paths_and_a_label_that_is_the_name(path: Path) -> None:
    job = plistlib.loads(path.read_bytes())
    assert path.name == f"{job['Label']}.plist"
    paths = [word for word in job["ProgramArguments"] if "/" in word]
    paths += [job["StandardOutPath"], job["StandardErrorPath"]]
    assert all(one.startswith("/Users/YOU/") for one in paths)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
@pytest.mark.parametrize("path", UNITS, ids=ids)
def test_systemd_has_nothing_to_say_about_its_units(path: Path, tmp_path: Path) -> None:
    for one in UNITS:
        shutil.copy(one, tmp_path)
    (tmp_path / ".local" / "bin").mkdir(parents=True)
    (tmp_path / ".local" / "bin" / "genretag").symlink_to(COMMAND[0])
    own = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    run = subprocess.run(
        ["systemd-analyze", "--user", "verify", tmp_path / path.name],
        env=os.environ | own,
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stdout + run.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="needs hadolint")
def test_hadolint_has_nothing_to_say_about_the_container() -> None:
    file = DOCS / "recipes" / "Containerfile"
    run = subprocess.run(["hadolint", file], capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, "")
