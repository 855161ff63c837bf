"""`genretag inspect`: what is in the tags, and what the model hears."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genretag.cli.options import DEFAULT_MODEL, CoverageOption, DeviceOption, ModelOption

if TYPE_CHECKING:
    from rich.console import Console

    from genretag.inference.session import Model

_BAR_WIDTH = 30


def inspect(
    files: Annotated[
        list[Path], typer.Argument(help="Audio files.", metavar="FILE...", show_default=False)
    ],
    model: ModelOption = DEFAULT_MODEL,
    coverage: CoverageOption = "balanced",
    device: DeviceOption = "auto",
    probability: Annotated[
        float | None,
        typer.Option(
            "--set",
            metavar="P",
            min=0.01,
            max=0.99,
            help="Name the genres that together hold the true one with this probability.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show the genres in each FILE and the five that the model thinks most likely.

    Nothing is written.

    [bold]Example[/]

    [cyan]genretag inspect song.flac[/]

    [cyan]genretag inspect --set 0.9 song.flac[/]  as many genres as it takes to be nine tenths sure
    """
    from rich.console import Console

    from genretag.cli.group import show
    from genretag.errors import Code, FileError, UsageError
    from genretag.inference import session, store
    from genretag.library import places

    loaded = session.load(store.locate(model, places.cache_dir()), device)
    if probability and not loaded.manifest.set_masses:
        raise UsageError(
            Code.BAD_OPTION,
            f"{loaded.manifest.name} does not know how sure its sets of genres are",
            "Leave out --set, or use the default model.",
        )
    console = Console()
    failed = False
    for file in files:
        try:
            _inspect(file, loaded, coverage, probability, console)
        except FileError as error:
            failed = True
            show(error)
    raise typer.Exit(1 if failed else 0)


def _inspect(
    file: Path, model: "Model", coverage: str, probability: float | None, console: "Console"
) -> None:
    from rich.table import Table
    from rich.text import Text

    from genretag import tags
    from genretag.domain.prediction import genre_set
    from genretag.report.jsonl import TOP_GENRES
    from genretag.report.text import percent, visible
    from genretag.workflow.hear import hear

    track = tags.read(file)
    heard = hear(file, model, coverage)
    console.print(Text(visible(str(file)), "bold"), soft_wrap=True)
    facts = Table.grid(padding=(0, 2))
    facts.add_row("container", track.container or "one that genretag cannot tag")
    facts.add_row("genres", visible("; ".join(track.genres)) or "none")
    facts.add_row("length", f"{heard.duration_s:.1f} s, heard {heard.windows} windows")
    facts.add_row("model", heard.model)
    for genre in heard.genres[:TOP_GENRES]:
        bar = "█" * round(genre.score * _BAR_WIDTH)
        facts.add_row(genre.name, Text.assemble(f"{percent(genre.score)} ", (bar, "cyan")))
    if probability and heard.genres:
        mass = model.manifest.set_masses[round(100 * probability) - 1]
        names = ", ".join(genre.name for genre in genre_set(heard, mass))
        facts.add_row(f"set of {probability:.0%}", names)
    if not heard.genres:
        facts.add_row("heard", "nothing but silence")
    console.print(facts)
    if heard.genres and heard.genres[0].score < model.manifest.threshold:
        console.print(f"unsure: the best score is below {model.manifest.threshold:.2f}")
    console.print()
