"""`genretag train fetch` and `features`: data sets, and what a model hears of them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from genretag.errors import ExtraMissingError
from genretag.library import resources

if TYPE_CHECKING:
    from genretag_train.data.fetch import Steps
    from genretag_train.progress import Progress as Report


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
        from genretag_train.data import fetch as fetching
    except ModuleNotFoundError as error:
        raise ExtraMissingError("fetching data", "train") from error
    with _steps() as steps:
        if name.startswith(fetching.HUB_PREFIX):
            folder = fetching.fetch_from_hub(name, out)
        else:
            folder = fetching.fetch(fetching.archive(name, url, sha1), out, steps, keep)
    typer.echo(folder)


def features(
    data: Annotated[
        Path,
        typer.Option(
            help="Labelled music as `genretag train` reads it: an FMA folder, a CSV file, or a "
            "folder with a folder for each genre.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="The HDF5 file.", dir_okay=False)] = Path("features.h5"),
    kind: Annotated[
        Literal["mel", "mfcc"],
        typer.Option(
            help="mel: 128 bands in decibels below the clip's maximum, stretched to 0 to 1. "
            "mfcc: 20 cepstra of the same."
        ),
    ] = "mel",
    dtype: Annotated[
        Literal["float16", "uint8"],
        typer.Option(help="How numbers are kept; uint8 takes half the space, for mel alone."),
    ] = "float16",
    clip_s: Annotated[
        float,
        typer.Option(min=0.1, help="Seconds from a clip's middle; a shorter one is repeated."),
    ] = 30.0,
    min_s: Annotated[
        float, typer.Option(min=0.0, help="Skip clips shorter than this many seconds.")
    ] = 1.0,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, help="Processes. \\[default: one for each core]"),
    ] = None,
) -> None:
    """Compute spectrograms or cepstra of labelled music into one HDF5 file.

    Sound at 22,050 Hz, a transform of 2,048 samples every 512: 1,292 frames for
    30 s. A clip takes 0.33 MB (mel, float16), those of FMA Large 16.4 GB. After a
    kill or Ctrl-C the same command goes on, and tries again what it skipped.

    The file holds 'features' [clip, frame, band], one chunk for each clip, and for
    each clip 'name', 'genre', 'group', 'split', 'length_s', 'state' (0 waiting,
    1 heard, 2 skipped) and the 'reason' for skipping; its attributes say how it
    was made. Clips that were skipped are listed, with the reason.

    [bold]Examples[/]

    genretag train features --data fma --out fma.h5

    genretag train features --data songs.csv --kind mfcc --out mfcc.h5 --jobs 4
    """
    try:
        from genretag_train.features.precompute import Recipe, extract
    except ModuleNotFoundError as error:
        raise ExtraMissingError("computing features", "train") from error
    recipe = Recipe(kind, dtype, clip_s, min_s)
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True, highlight=False)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Listening", total=None)
        found = extract(
            data,
            out,
            recipe,
            jobs or resources.count_cores(),
            lambda done, of: bar.update(task, completed=done, total=of),
        )
    for name, reason in found.skipped.items():
        typer.echo(f"{reason}\t{_visible(name)}")
    counts = ", ".join(f"{n} {reason}" for reason, n in Counter(found.skipped.values()).items())
    skipped = f"; skipped {len(found.skipped)} ({counts})" if counts else ""
    console.print(f"{found.heard} clips are in {out}{skipped}", markup=False, soft_wrap=True)


def _visible(name: str) -> str:
    """A name in which nothing can move a terminal's cursor."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in name)


@contextmanager
def _steps() -> Iterator["Steps"]:
    """Bars on a terminal for steps that are measured in bytes."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.progress import TransferSpeedColumn as SpeedColumn

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

        def step(name: str) -> "Report":
            task = bars.add_task(name, total=None, start=True)

            def progress(done: int, of: int) -> None:
                bars.update(task, completed=done, total=of or None)

            return progress

        yield step
