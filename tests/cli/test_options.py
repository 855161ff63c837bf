"""What holds for the options of every command; a new command is picked up from the app."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
import typer
from typer.core import TyperGroup, TyperOption
from typer.testing import CliRunner

from genretag.cli.app import app
from genretag.option_groups import with_options

HEAVY = ("numpy", "av", "onnxruntime", "torch", "mutagen", "sqlite3")
ROOT: Any = typer.main.get_command(app)


def list_commands(group: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        yield (*above, name), command
        if isinstance(command, TyperGroup):
            yield from list_commands(command, (*above, name))


COMMANDS = dict(list_commands(ROOT))
every_command = pytest.mark.parametrize("path", COMMANDS, ids=" ".join)


def options_of(path: tuple[str, ...]) -> list[Any]:
    return [one for one in COMMANDS[path].params if isinstance(one, TyperOption)]


def test_the_help_of_every_command_imports_nothing_heavy() -> None:
    code = (
        "import sys, genretag.cli.app as a\n"
        f"for path in {list(COMMANDS)!r}:\n"
        "    try: a.app([*path, '--help'])\n"
        "    except SystemExit as ended: assert not ended.code, path\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.rstrip().endswith("[]")


def test_the_help_of_the_program_lists_every_command() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    assert all(f" {path[0]} " in shown for path in COMMANDS)


@every_command
def test_a_command_says_what_it_does_and_what_each_option_means(path) -> None:
    summary = COMMANDS[path].help.split("\n\n")[0]
    assert summary[0].isupper() and summary.endswith((".", "?", ":"))
    for option in options_of(path):
        assert option.help, option.name


@every_command
def test_every_option_can_stand_in_the_config_file(path) -> None:
    named = [[name for name in one.opts if name.startswith("--")] for one in options_of(path)]
    flags = {names[0] for names in named} - {"--help", "--config"}
    assert flags == {f"--{key.replace('_', '-')}" for key in ROOT.options()[path]}


@dataclass(frozen=True)
class Speed:
    fast: Annotated[bool, typer.Option("--fast", help="Hurry.")] = False
    times: Annotated[int, typer.Option(min=1, help="How often.")] = 1
    secret: int = 7


@pytest.fixture
def run():
    """Run a command that prints the object which it gets."""

    def run(*arguments: str, without: tuple[str, ...] = ()) -> Any:
        @with_options(without=without)
        def command(name: str, *, speed: Speed) -> None:
            print(name, speed)

        one = typer.Typer()
        one.command()(command)
        return CliRunner().invoke(one, arguments)

    return run


def test_the_fields_of_a_dataclass_are_options_and_the_command_gets_the_object(run) -> None:
    assert f"song {Speed(fast=True, times=3)}" in run("song", "--fast", "--times", "3").output
    assert f"song {Speed()}" in run("song").output


def test_a_field_keeps_its_range_and_one_that_declares_no_option_is_none(run) -> None:
    assert run("song", "--times", "0").exit_code == 2
    assert run("song", "--secret", "1").exit_code == 2


def test_a_command_does_not_offer_what_it_leaves_out(run) -> None:
    assert run("song", "--times", "3", without=("times",)).exit_code == 2
    assert f"song {Speed(fast=True)}" in run("song", "--fast", without=("times",)).output
