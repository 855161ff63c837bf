"""The reference pages that people write say what the code says."""

import json
import re
from typing import get_args

import typer
from documents import BLOCKS, read_page
from typer.core import TyperGroup

import genretag
from genretag.cli.app import app
from genretag.cli.options import Player
from genretag.domain import outcome
from genretag.errors import Code
from genretag.inference import session, store
from genretag.report.csv import COLUMNS

MANIFEST = session.load(store.list_bundled()[store.DEFAULT]).manifest
STATUSES = {
    kind.status for kind in vars(outcome).values() if isinstance(getattr(kind, "status", None), str)
}


def list_rows(page: str) -> set[str]:
    """Return the first cells of all tables of a page that are code."""
    return set(re.findall(r"^\| `([^`]+)` \|", read_page(page), re.MULTILINE))


def test_every_code_of_an_error_is_explained() -> None:
    assert list_rows("docs/reference/errors.md") == set(map(str, Code))


def test_every_exit_code_is_explained() -> None:
    codes = re.findall(r"^\| (\d+) \|", read_page("docs/reference/errors.md"), re.MULTILINE)
    said = typer.main.get_command(app).help.partition("Exit codes:")[2]
    assert codes == re.findall(r"\d+", said)


def test_every_field_and_status_of_the_output_is_explained() -> None:
    assert list_rows("docs/reference/output.md") == {*COLUMNS, *STATUSES}
    (example,) = (block for block in BLOCKS if block.page == "docs/reference/output.md")
    # The last two are only there where they say something.
    assert (*json.loads(example.text), "calibrated", "fields") == COLUMNS


def test_every_public_name_is_in_the_python_reference() -> None:
    names = re.findall(
        r"^::: genretag\.(\w+)$", read_page("docs/reference/python.md"), re.MULTILINE
    )
    assert sorted(names) == sorted(set(genretag.__all__) - {"__version__"})


def test_every_command_is_in_the_list_of_commands() -> None:
    rows = "\n".join(re.findall(r"^\| (`.*`) \|", read_page("docs/reference/commands.md"), re.M))
    for name, command in typer.main.get_command(app).commands.items():
        assert f"`{name}" in rows
        if isinstance(command, TyperGroup) and not command.invoke_without_command:
            assert all(re.search(rf"[` ]{below}`", rows) for below in command.commands), name


def test_every_player_with_a_layout_is_in_the_table_of_players() -> None:
    cells = re.findall(r"\| `(\w+)` \|$", read_page("docs/how-to/players.md"), re.MULTILINE)
    assert sorted(cells) == sorted(get_args(Player))


def test_the_figures_of_artists_and_of_a_lower_threshold_are_those_of_the_card() -> None:
    card = read_page(f"models/{store.DEFAULT}.md")
    said = " ".join(read_page("docs/explanation/accuracy.md").split())
    pooled = re.search(
        r"^\| all tracks .*?, pooled \|.*\| (\d+)% \| ([\d.]+)% \|$", card, re.MULTILINE
    )
    lower = re.search(r"^\| 0\.7 \| (\d+%) \| (\d+%) \|", card, re.MULTILINE)
    assert pooled and lower
    assert f"into {pooled[1]}%, and {float(pooled[2]):.0f}% of these were right" in said
    assert f"0.7 tags {lower[1]} of such files, {lower[2]} of these rightly" in said


def test_the_genres_and_families_of_the_default_model_are_listed() -> None:
    said = " ".join(read_page("docs/explanation/accuracy.md").split())
    *genres, last = MANIFEST.genres.names
    assert f"fifteen broad genres: {', '.join(genres)} and {last};" in said
    assert len(MANIFEST.genres.names) == 15 and len(MANIFEST.genres.families) == 6
    listed = re.search(r"six families, .*? between their genres: (.*?)\.", said)
    assert listed
    names = re.split(r", | and ", re.sub(r" \(.*?\)", "", listed[1]))
    assert sorted(names) == sorted(family.name for family in MANIFEST.genres.families)
