"""`genretag train fetch` and `features`: data sets, and what a model hears of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.progress import TransferSpeedColumn as SpeedColumn

from genretag.errors import ExtraMissingError

if TYPE_CHECKING:
    from genretag_train.download import Bytes
    from genretag_train.fetch import Steps


def fetch(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|hf:OWNER/REPO",
            help="fma_metadata (0.3 GB), fma_small (7 GB), fma_medium (22 GB), fma_large (93 GB); "
            "any other name with --url and --sha1; or a data set on the Hugging Face Hub.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="Folder in which a folder NAME is made.", file_okay=False)
    ] = Path("data"),
    url: Annotated[
        str | None,
        typer.Option(help="Where the ZIP archive lies. \\[default: FMA's mirror]"),
    ] = None,
    sha1: Annotated[
        str | None,
        typer.Option(
            help="SHA-1 that the archive must have, 40 hexadecimal digits. "
            "\\[default: as FMA publishes it]"
        ),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the archive in OUT once it is unpacked.")
    ] = False,
) -> None:
    """Download a data set, check it, and unpack it.

    After a lost connection, Ctrl-C or a full disk, the same command goes on
    where it stopped. The archive is unpacked only if its SHA-1 is right, and
    removed then; a folder that is complete is not fetched again. While it is
    unpacked, the disk holds the data twice.

    [bold]Examples[/]

    genretag train fetch fma_metadata --out fma

    genretag train fetch fma_small --out fma

    genretag train fetch fma_large --out fma --url https://mirror.example/fma_large.zip

    genretag train fetch hf:someone/songs@v1 --out data
    """
    try:
        from genretag_train import fetch as fetching
    except ModuleNotFoundError as error:
        raise ExtraMissingError("fetching data", "train") from error
    with _steps() as steps:
        if name.startswith(fetching.HUB_PREFIX):
            folder = fetching.fetch_from_hub(name, out)
        else:
            folder = fetching.fetch(fetching.archive(name, url, sha1), out, steps, keep)
    typer.echo(folder)


@contextmanager
def _steps() -> Iterator["Steps"]:
    """Bars on a terminal for steps that are measured in bytes."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=False),
        SpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bars:

        def step(name: str) -> "Bytes":
            task = bars.add_task(name, total=None, start=True)

            def progress(done: int, of: int) -> None:
                bars.update(task, completed=done, total=of or None)

            return progress

        yield step
