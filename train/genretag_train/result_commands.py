"""`genretag train evaluate`, `plots`, `export` and `publish`: what is done with a trained model."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from genretag.errors import Code, ExtraMissingError, RunError

_TARGET = "RUN|NAME|FILE|hf:OWNER/REPO[@REV]"

DataOption = Annotated[
    Path | None,
    typer.Option(
        help="Labelled music as `genretag train` reads it. \\[default: what the run learned from]"
    ),
]
SideOption = Annotated[
    Literal["test", "valid", "all"],
    typer.Option(
        "--side",
        "--split",
        help="Clips on this side of the split that the model was trained with. 'all' takes every "
        "clip, also those that it learned from.",
    ),
]
LabelOption = Annotated[
    str | None,
    typer.Option(
        "--label-column", help="CSV column with the genre. \\[default: the one that was trained on]"
    ),
]


def evaluate(
    target: Annotated[str, typer.Argument(metavar=_TARGET, show_default=False)],
    data: DataOption = None,
    side: SideOption = "test",
    label_column: LabelOption = None,
    report_file: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, help="Write all numbers as JSON, too.")
    ] = None,
) -> None:
    """Judge a model on labelled clips, as `scan` would hear them.

    Accuracy, F1, precision and recall by genre, confusions and calibration, by
    the track and by the window, with 95% bootstrap intervals over groups
    (artists). The default judges the clips that were held out in training; the
    data must then be what the model was trained on.

    [bold]Examples[/]

    genretag train evaluate runs/mine

    genretag train evaluate genretag-cnn1d-lstm --data songs.csv --out scores.json

    genretag train evaluate model.onnx --data MUSIC --side all
    """
    import json

    from rich.console import Console

    with _working("judging") as progress:
        from genretag_train import runs
        from genretag_train.evaluate import evaluated, heard, shown

        subject = runs.subject(target)
        clips = runs.source(data, subject.facts)
        chosen = runs.chosen(subject, clips, side, label_column)
        found = heard(subject, chosen.clips, progress)
        told = {"side": side, "data": str(clips), **evaluated(subject, chosen, found)}
        if report_file:
            text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
            report_file.write_text(text, encoding="utf-8")
    Console(highlight=False).print(shown(told))


@contextmanager
def _working(feature: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal; missing packages and full disks become genretag's errors."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Listening", total=None)
        try:
            yield lambda done, of: bar.update(task, completed=done, total=of)
        except ModuleNotFoundError as error:
            raise ExtraMissingError(feature, "train") from error
        except OSError as error:
            raise RunError(
                Code.OUTPUT_FAILED,
                f"{error.filename or 'The output'}: {error.strerror or error}",
                "Check the disk and the access rights.",
            ) from error
