"""The hint for an extra is the command that adds it to this very installation."""

import json
import os
import shlex
import sys
from collections.abc import Callable
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

from genretag import installation
from genretag.errors import ExtraMissingError

Install = Callable[..., Path]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="takes commands apart as POSIX shells do")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Lay out an environment as installers do, and let this Python be in it."""

    def lay_out(*markers: str, origin: object = None, pip: bool = True) -> Path:
        prefix = tmp_path / "venvs" / "genretag"
        site = prefix / "site-packages"
        info = site / "genretag-0.9.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: genretag\nVersion: 0.9.0\n")
        if origin is not None:
            (info / "direct_url.json").write_text(json.dumps(origin))
        if pip:
            (site / "pip").mkdir()
            (site / "pip" / "__init__.py").touch()
        for marker in markers:
            (prefix / marker).write_text("{}")
        monkeypatch.setattr(sys, "prefix", str(prefix))
        monkeypatch.setattr(sys, "executable", str(prefix / "bin" / "python"))
        # As in that environment: its packages, and none of those that run the tests.
        monkeypatch.setattr(metadata, "distribution", lambda name: metadata.PathDistribution(info))
        monkeypatch.setattr(
            installation, "find_spec", lambda name: PathFinder.find_spec(name, [str(site)])
        )
        return prefix

    return lay_out


def command(extra: str = "plot") -> list[str]:
    hint = ExtraMissingError("--plot", extra).hint
    return shlex.split(hint.removeprefix("Install them with: "))


def test_pipx_installs_it_anew(install: Install) -> None:
    install("pipx_metadata.json")
    assert command() == ["pipx", "install", "--force", "genretag[plot]"]


def test_so_does_uv_for_its_tools(install: Install) -> None:
    install("uv-receipt.toml", pip=False)
    assert command() == ["uv", "tool", "install", "--force", "genretag[plot]"]


def test_in_an_environment_its_own_python_takes_pip(install: Install) -> None:
    prefix = install()
    python = str(prefix / "bin" / "python")
    assert command("ray") == [python, "-m", "pip", "install", "genretag[ray]"]


def test_an_environment_without_pip_is_one_of_uv(install: Install) -> None:
    prefix = install(pip=False)
    python = str(prefix / "bin" / "python")
    assert command() == ["uv", "pip", "install", "--python", python, "genretag[plot]"]


def test_what_came_from_a_folder_comes_from_there_again(install: Install, tmp_path: Path) -> None:
    source = tmp_path / "a folder"
    source.mkdir()
    install("pipx_metadata.json", origin={"url": source.as_uri(), "dir_info": {}})
    assert command() == ["pipx", "install", "--force", f"{source}[plot]"]
    source.rmdir()
    assert command()[-1] == "genretag[plot]"


def test_an_editable_folder_stays_editable(install: Install, tmp_path: Path) -> None:
    install(origin={"url": tmp_path.as_uri(), "dir_info": {"editable": True}})
    assert command("train")[-2:] == ["--editable", f"{tmp_path}[train]"]


def test_what_came_from_a_repository_comes_from_there_again(install: Install) -> None:
    install(origin={"url": "https://git.example/genretag.git", "vcs_info": {"vcs": "git"}})
    assert command()[-1] == "genretag[plot] @ git+https://git.example/genretag.git"


def test_a_damaged_note_of_where_it_came_from_does_no_harm(install: Install) -> None:
    prefix = install(origin={})
    next(prefix.rglob("direct_url.json")).write_text("nonsense")
    assert command()[-1] == "genretag[plot]"
