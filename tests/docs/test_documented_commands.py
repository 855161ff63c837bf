"""Every command of the documentation runs, on a small library, and does what it should."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import typer
from audio_files import write_tone
from documents import BLOCKS, Block, list_pages, read_page
from small_library import SONG, make_library, save_model, save_published
from typer.core import TyperGroup, TyperOption

from genretag.cli.app import app

LANGUAGES = {
    "", "bat", "csv", "dockerfile", "ini", "json", "pycon", "python", "sh", "text", "toml", "xml",
    "yaml",
}  # fmt: skip
"""Languages of blocks. `sh` is what a person types; `bash` or `console` would not be run."""
CHANGES_THE_MACHINE = re.compile(
    r"^(sudo|apt-get|pip|pipx|python3? -m (venv|pip)|systemctl|launchctl|crontab|docker|podman)\b",
    re.MULTILINE,
)
MOST_NOT_RUN = 20
NOT_RUN = [block for block in BLOCKS if block.not_run]
RUNNABLE = [
    block
    for block in BLOCKS
    if block.language == "sh" and not block.not_run and not CHANGES_THE_MACHINE.search(block.text)
]
NO_EXAMPLE: Mapping[str, str] = {
    "^genretag review ~": "needs a terminal",
    "^genretag watch": "runs until it is ended",
    "^genretag (train|.*runs/)": "takes long; tests/train runs each on small data",
    "hf:": "needs the Hub",
    "--save": "needs 100 files with a genre",
    "MODEL.onnx": "names no file",
}
"""Which examples of the help are not run, and why; their options are checked."""
ROOT: Any = typer.main.get_command(app)

needs_bash = pytest.mark.skipif(sys.platform == "win32", reason="needs bash")


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a library, a model, and the program `genretag`."""
    folder = tmp_path_factory.mktemp("docs")
    make_library(folder / "Music")
    save_model(folder / "model.onnx")
    save_published(folder / "published")
    (folder / "bin").mkdir()
    program = folder / "bin" / "genretag"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m genretag "$@"\n')
    program.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def runs(
    surroundings: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Future[str]]]:
    """Yield what the pages that are asked for gave; some are run at once."""
    asked_for = {
        item.callspec.params["page"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == COMMANDS_TEST
    }
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {
            page: pool.submit(_run_page, page, surroundings, tmp_path_factory.mktemp("home"))
            for page in sorted(asked_for)
        }
        pool.shutdown(cancel_futures=True)


def _run_page(page: str, surroundings: Path, home: Path) -> str:
    """Run the blocks of a page in their order; return what went wrong, if anything did."""
    for block in BLOCKS:
        if block.page != page:
            continue
        if block.title:
            (home / block.title).write_text(block.text, "utf-8")
        if block in RUNNABLE and not (_uses_jq(block) and not shutil.which("jq")):
            run = _run(block.text, surroundings, home)
            if run.returncode or "Traceback" in run.stderr:
                return f"{block.place} ended with {run.returncode}\n{run.stdout}{run.stderr}"
    return ""


def _run(script: str, surroundings: Path, home: Path) -> "subprocess.CompletedProcess[str]":
    """Run a script in a home with the small library; it ends where a command fails."""
    if not (home / "Music").exists():
        shutil.copytree(surroundings / "Music", home / "Music")
        shutil.copytree(surroundings / "published", home, dirs_exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GENRETAG_")}
    environment = kept | {
        "HOME": str(home),
        "PATH": f"{surroundings / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "GENRETAG_CONFIG": str(home / "config.toml"),
        "GENRETAG_CACHE_DIR": str(home / "cache"),
        "GENRETAG_DATA_DIR": str(home / "data"),
        "GENRETAG_MODEL": str(surroundings / "model.onnx"),
        "GENRETAG_JOBS": "1",
    }
    return subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", script],
        cwd=home,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )


def _uses_jq(block: Block) -> bool:
    # In CI a missing jq is a mistake, elsewhere a reason to leave its blocks out.
    return bool(re.search(r"\bjq\b", block.text)) and not os.environ.get("CI")


@needs_bash
@pytest.mark.parametrize("page", sorted({block.page for block in RUNNABLE}))
def test_the_commands_of_a_page_run_in_their_order(page: str, runs) -> None:
    assert not (problem := runs[page].result()), problem


COMMANDS_TEST = test_the_commands_of_a_page_run_in_their_order.__name__


@needs_bash
def test_the_examples_of_the_help_run(surroundings: Path, tmp_path: Path) -> None:
    song = surroundings / "Music" / SONG
    shutil.copy(song, tmp_path / "song.flac")
    write_tone(tmp_path / "song.mp3")
    (tmp_path / "map.toml").write_text('[rename]\nRock = "Beat"\n')
    on_pages = {line for block in RUNNABLE for line in block.text.splitlines()}
    examples = [
        example
        for example in _list_examples(ROOT)
        if example not in on_pages and not any(re.search(why, example) for why in NO_EXAMPLE)
    ]
    assert len(examples) > 10
    prepared = ['cp -r ~/Music/"The Band" ~/Music/Slowdive']
    prepared += ["genretag scan --unsure unsure.csv --plan plan.jsonl ~/Music"]
    prepared += ["cp unsure.csv decisions.csv"]
    run = _run("\n".join(prepared + examples), surroundings, tmp_path)
    assert not run.returncode, run.stderr


def _list_examples(group: Any) -> Iterator[str]:
    """Yield the examples in the help of all commands."""
    for command in group.commands.values():
        yield from re.findall(r"^(?:\[cyan\])?(genretag [^\[\n]*)", command.help, re.MULTILINE)
        if isinstance(command, TyperGroup):
            yield from _list_examples(command)


def test_few_blocks_are_not_run_and_each_says_why() -> None:
    print("\n".join(f"{block.place}: {block.not_run}" for block in NOT_RUN))
    assert len({(block.page, block.not_run) for block in NOT_RUN}) <= MOST_NOT_RUN
    assert any(block.language == "sh" for block in NOT_RUN)


def test_no_block_that_runs_changes_the_machine() -> None:
    shell = [block for block in BLOCKS if block.language == "sh" and not block.not_run]
    assert [block.place for block in shell if block not in RUNNABLE] == []


def test_no_block_hides_commands_from_these_tests() -> None:
    assert not [block.place for block in BLOCKS if block.language not in LANGUAGES]
    fences = sum(len(re.findall(r"^ *```", read_page(page), re.MULTILINE)) for page in list_pages())
    assert fences == 2 * len(BLOCKS)


def test_examples_of_data_can_be_read() -> None:
    for block in BLOCKS:
        if block.language == "json":
            json.loads(block.text)
        elif block.language == "toml":
            tomllib.loads(block.text)


def _list_calls() -> Iterator[tuple[str, str]]:
    """Yield calls of genretag in the help, in blocks that are not run and in text; their place."""
    yield from (("help", example) for example in _list_examples(ROOT))
    for block in NOT_RUN:
        joined = block.text.replace("\\\n", " ")
        for call in re.findall(r"(?:^|&& |\bif )(genretag .*)", joined, re.MULTILINE):
            yield block.place, call
    for page in list_pages():
        outside = re.sub(r"^ *```.*?^ *```$", "", read_page(page), flags=re.MULTILINE | re.DOTALL)
        for call in re.findall(r"`(genretag [^`\n]+)`", outside):
            yield page, call


@pytest.mark.parametrize(("place", "call"), sorted(set(_list_calls())))
def test_a_command_that_is_only_named_exists_with_its_options(place: str, call: str) -> None:
    command, words = ROOT, shlex.split(re.split(r" \\?[|>] ", call)[0], comments=True)[1:]
    while isinstance(command, TyperGroup) and words and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    known = {
        flag
        for one in (*command.params, *ROOT.params)
        if isinstance(one, TyperOption)
        for flag in (*one.opts, *one.secondary_opts)
    } | {"--help", "-h"}
    assert command is not ROOT or words[:1] in ([], ["--help"], ["--version"]), call
    assert not [word for word in words if word.startswith("-") and word.split("=")[0] not in known]
