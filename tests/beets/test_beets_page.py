"""The commands of docs/how-to/beets.md work as they stand there."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from audio_files import write_tone

taglib = pytest.importorskip("taglib")
pytest.importorskip("beets.library")

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "beets.md").read_text("utf-8")
SETTINGS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("beet ")
]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_the_page(tmp_path: Path) -> None:
    """Each command, with the settings of each example: as they are typed, but without questions."""
    album = tmp_path / "Downloads" / "Album"
    album.mkdir(parents=True)
    for title in ("one", "two"):
        with taglib.File(write_tone(album / f"{title}.mp3", 3.0), save_on_exit=True) as file:
            file.tags |= {"TITLE": [title], "ALBUM": ["Album"], "ALBUMARTIST": ["Zappa"]}
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "beet"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m beets "$@"\n')
    program.chmod(0o755)
    assert len(SETTINGS) == 3 and len(COMMANDS) == 5
    plugins, *options = map(yaml.safe_load, SETTINGS)
    for example in options:
        # Neither the network nor a person is here.
        quiet = {"autotag": False, "quiet": True, "duplicate_action": "keep"}
        library = {"directory": str(tmp_path / "Music"), "import": quiet}
        folder = tmp_path / "config"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        config = plugins | {"plugins": plugins["plugins"].split()} | example | library
        (folder / "config.yaml").write_text(yaml.safe_dump(config), "utf-8")
        for command in COMMANDS:
            run = subprocess.run(
                ["sh", "-c", command],
                env=os.environ
                | {
                    "HOME": str(tmp_path),
                    "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
                    "BEETSDIR": str(folder),
                    "GENRETAG_CACHE_DIR": str(tmp_path / "cache"),
                    "GENRETAG_DATA_DIR": str(tmp_path / "data"),
                },
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert run.returncode == 0, (command, run.stderr)
            assert "Traceback" not in run.stderr, (command, run.stderr)


def test_the_defaults_of_the_page_are_those_of_the_plugin() -> None:
    from beets import config

    from beetsplug.genretag import GenretagPlugin

    GenretagPlugin()
    shown = yaml.safe_load(SETTINGS[1])["genretag"]
    defaults = config["genretag"].flatten()
    assert shown == {name: value for name, value in defaults.items() if name != "pretend"}
