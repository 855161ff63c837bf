"""`genretag train fetch` and `features`: data sets and their features."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genretag.errors import ExtraMissingError
from genretag.library import resources
from genretag.option_groups import with_options
from genretag_train.cli.progress import show_progress
from genretag_train.cli.settings import make_settings
from genretag_train.config import DATA, FEATURES, load_config

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
    with _show_steps() as steps:
        if name.startswith(fetching.HUB_PREFIX):
            folder = fetching.fetch_from_hub(name, out)
        else:
            folder = fetching.fetch(fetching.find_archive(name, url, sha1), out, steps, keep)
    typer.echo(folder)


@with_options(settings=make_settings(DATA, FEATURES))
def features(
    data: Annotated[
        Path,
        typer.Option(
            help="Labelled music as `genretag train` reads it: an FMA folder, a CSV file, or a "
            "folder with a folder for each genre.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the features.", file_okay=False)] = Path(
        "features"
    ),
    recipe: Annotated[
        Path | None,
        typer.Option("--config", dir_okay=False, help="TOML file with settings; options beat it."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, help="Processes. \\[default: one for each core]"),
    ] = None,
    *,
    settings: Any,
) -> None:
    """Compute the features of labelled music, for `genretag train --cache OUT`.

    Give it the data and the settings of the runs to come: then these decode
    nothing. A clip of 30 s takes 0.33 MB, those of FMA Large 16.4 GB, and those
    that are held out 0.7 MB more each. After a kill or Ctrl-C the same command
    goes on, and tries again what it skipped. Clips that were skipped are listed,
    with the reason.

    [bold]Examples[/]

    genretag train features --data fma --config train/configs/fma_large.toml --out fma_features

    genretag train features --data songs.csv --jobs 4
    """
    config = load_config(recipe, vars(settings))
    with show_progress("computing features") as (notify, progress):
        from genretag_train.data.dataset import read_clips
        from genretag_train.features.corpus import split_corpus
        from genretag_train.features.extraction import make_feature_spec
        from genretag_train.features.store import FeatureStore
        from genretag_train.progress import describe_counts

        store = FeatureStore(out, make_feature_spec(config), jobs or resources.count_cores())
        clips = read_clips(data, config.label_column)
        store.require_room(clips)
        usable, skipped = store.add_power(clips, progress)
        for clip in skipped:
            typer.echo(f"{clip.reason}\t{_escape(clip.name)}")
        corpus = split_corpus([clip for clip, _ in usable], skipped, config)
        store.add_windows([*corpus.members("valid"), *corpus.members("test")], progress)
        reasons = describe_counts(Counter(clip.reason for clip in skipped))
        tail = f"; skipped {len(skipped)}: {reasons}" if skipped else ""
        notify(f"{len(usable)} clips are in {out}{tail}")


def _escape(name: str) -> str:
    """Return a name in which nothing can move a terminal's cursor."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in name)


@contextmanager
def _show_steps() -> Iterator["Steps"]:
    """Show a bar on a terminal for each step that is measured in bytes."""
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

            def progress(done: int, total: int) -> None:
                bars.update(task, completed=done, total=total or None)

            return progress

        yield step
