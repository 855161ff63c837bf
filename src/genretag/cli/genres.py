"""`genretag genres`: the genres that genretag knows, and what a library calls them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from genretag.cli.finding import FindingOptions, PathsArgument
from genretag.cli.options import MapOption, ModelOptions, PlaceholderOption, in_output
from genretag.cli.output import translate_errors
from genretag.errors import Code, UsageError
from genretag.option_groups import with_options

if TYPE_CHECKING:
    from genretag.domain.name_check import NameCheck

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Show genres and their other names, and check those of a library.",
)

FormatOption = Annotated[
    Literal["human", "json"], in_output(help="Lines to read, or one object for scripts.")
]


@app.command()
def tree(
    name: Annotated[
        str | None,
        typer.Argument(help="Show this genre, what it belongs to, and those below it."),
    ] = None,
    format: FormatOption = "human",  # noqa: A002 - it is the name of the option
) -> None:
    """Show the genres that genretag knows, each below the broader ones, with its other names.

    [bold]Examples[/]

    [cyan]genretag genres tree[/]

    [cyan]genretag genres tree "death metal"[/]
    """
    import json
    import sys

    from rich.console import Console

    from genretag.cli.terminal import get_width
    from genretag.domain.taxonomy import load_taxonomy
    from genretag.report import genre_tree

    taxonomy = load_taxonomy()
    genre = None if name is None else taxonomy.find(name)
    if name is not None and genre is None:
        raise _unknown(name)
    with translate_errors(None):
        if format == "human":
            console = Console(file=sys.stdout, highlight=False)
            genre_tree.print_tree(taxonomy, genre, console, get_width(console))
        else:
            typer.echo(json.dumps(genre_tree.to_dict(taxonomy, genre), indent=2))


def _unknown(name: str) -> UsageError:
    from genretag.domain.name_check import find_similar
    from genretag.domain.taxonomy import load_taxonomy

    near = find_similar(name, load_taxonomy())
    hint = f"Did you mean {near}? " if near else ""
    return UsageError(
        Code.BAD_OPTION,
        f"genretag knows no genre {name!r}",
        f"{hint}`genretag genres tree` shows all.",
    )


@app.command()
@with_options(without=("coverage", "device", "video"))
def check(
    paths: PathsArgument,
    *,
    genre_map: MapOption = None,
    placeholder: PlaceholderOption = None,
    model: ModelOptions,
    finding: FindingOptions,
    format: FormatOption = "human",  # noqa: A002 - it is the name of the option
) -> None:
    """Show which genres of the files under PATH are unknown, spelled in several ways, or none.

    Reads tags alone, and writes nothing into any file. What could be better comes with lines for
    a map, which [bold]scan --map[/] takes.

    [bold]Examples[/]

    [cyan]genretag genres check ~/Music[/]

    [cyan]genretag genres check --map map.toml ~/Music[/]
    shows what a map leaves open
    """
    from genretag.cli.display import Display
    from genretag.domain.naming import Naming
    from genretag.domain.placeholder import parse_placeholders
    from genretag.inference import store
    from genretag.library import maps
    from genretag.library.cache import Cache
    from genretag.library.interrupt import deferred
    from genretag.library.paths import cache_dir, data_dir
    from genretag.pipeline.load_model import load_model
    from genretag.pipeline.name_check import check_library, read_genres
    from genretag.pipeline.survey import read_written
    from genretag.report.paths import common_folder
    from genretag.report.wording import READING

    # Its genres and families have names that files may have and maps may use.
    genres = load_model(store.locate(model.model, cache_dir(), data_dir()), "cpu").manifest.genres
    names = maps.read(genre_map, genres)
    files = finding.find(paths)
    folder = common_folder(paths)
    display = Display(lambda: files.found, folder, READING)
    with display, deferred(), Cache(cache_dir(), display.warn) as cache:
        found = check_library(
            display.track(read_genres(files, cache)),
            Naming(names, maps.extend_taxonomy(names)),
            parse_placeholders(placeholder, genres.known, names),
            genres.known,
            read_written(data_dir()),
        )
    _show(found, format, folder)
    raise typer.Exit(display.exit_code)


def _show(found: "NameCheck", format_: str, folder: Path | None) -> None:
    import json
    import sys

    from rich.console import Console

    from genretag.report import name_check

    with translate_errors(None):
        if format_ != "human":
            typer.echo(json.dumps(name_check.to_dict(found), indent=2))
        elif found.files:
            name_check.print_check(found, folder, Console(file=sys.stdout, highlight=False))
