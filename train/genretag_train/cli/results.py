"""`genretag train evaluate`, `plots`, `export` and `publish`: what is done with a trained model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer

from genretag.errors import Code, UsageError
from genretag_train.cli.progress import show_progress

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
    """Evaluate a model on labelled clips, as `scan` would predict them.

    Accuracy, F1, precision and recall by genre, confusions and calibration, by
    the track and by the window, with 95% bootstrap intervals over groups
    (artists). By default it takes the clips that were held out in training; the
    data must then be what the model was trained on.

    [bold]Examples[/]

    genretag train evaluate runs/mine

    genretag train evaluate genretag-cnn1d-lstm --data songs.csv --out scores.json

    genretag train evaluate model.onnx --data MUSIC --side all
    """
    from rich.console import Console

    with show_progress("judging") as (_, progress):
        from genretag_train.evaluation.clips import find_data, select_clips
        from genretag_train.evaluation.evaluate import evaluate_model
        from genretag_train.evaluation.models import load_model
        from genretag_train.evaluation.tables import render_evaluation
        from genretag_train.run_folder import write_json

        model = load_model(target)
        source = find_data(data, model.facts)
        selected = select_clips(model, source, side, label_column)
        told = {"side": side, "data": str(source)}
        metrics = told | evaluate_model(model, selected, progress)
        if report_file:
            write_json(report_file, metrics)
    Console(highlight=False).print(render_evaluation(metrics))


def plots(
    targets: Annotated[list[str], typer.Argument(metavar="RUN...", show_default=False)],
    plots_folder: Annotated[
        Path, typer.Option("--out", file_okay=False, help="Folder for the pictures.")
    ] = Path("plots"),
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="PICTURE", help="Draw only this; can be repeated."),
    ] = None,
    confusion: Annotated[
        str | None,
        typer.Option(
            metavar="TRUE:SAID",
            help="Whose confusion to show. \\[default: Pop:Rock if it occurs, else the commonest]",
        ),
    ] = None,
    clips: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME,...",
            help="Clips of any side to show beside SAID, by FMA's track id or as the data names "
            "them. \\[default: of FMA 1642,10,149701,1482, else the surest]",
        ),
    ] = None,
    data: DataOption = None,
    side: SideOption = "test",
) -> None:
    """Draw runs and models, as PNG and SVG.

    curves: loss, F1 and learning rate by epoch, all runs in one picture.
    confusion: who is taken for whom. tsne: the clips as the penultimate layer
    sees them. spectrograms: a clip of each genre. confused: true clips of a
    genre beside those taken for it and a third genre, or beside --clips.
    genres: clips by genre and side.

    With several runs each has a folder of its own. Models without a run (NAME,
    FILE) have no curves.

    [bold]Examples[/]

    genretag train plots runs/mine --out plots

    genretag train plots runs/gru runs/lstm --only curves

    genretag train plots runs/mine --only confused --clips 1642,10,149701,1482
    """
    with show_progress("drawing") as (_, progress):
        from genretag_train.plots import select

        selection = select.PlotSelection(
            tuple(only or ()), confusion, tuple(clips or ()), data, side
        )
        for file in select.draw_pictures(targets, plots_folder, selection, progress):
            typer.echo(file)


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", file_okay=False, show_default=False)],
    precision: Annotated[
        Literal["fp32", "fp16", "int8"],
        typer.Option(
            help="fp16 halves the file and computes as before; int8 quarters it and computes "
            "with 8 bits."
        ),
    ] = "fp32",
    model_file: Annotated[
        Path | None,
        typer.Option(
            "--out",
            dir_okay=False,
            help="The model to write. \\[default: RUN/model.onnx, RUN/model-int8.onnx ...]",
        ),
    ] = None,
    data: DataOption = None,
    allow_loss: Annotated[
        float,
        typer.Option(
            metavar="POINTS",
            min=0,
            max=100,
            help="Percentage points of accuracy or macro-F1 that the precision may cost on the "
            "held-out clips.",
        ),
    ] = 1.0,
    bundle: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            help="Put the model, its card and its held-out clips into this folder as well.",
        ),
    ] = None,
) -> None:
    """Make a model file from a run's best epoch, also of a run that was cut short.

    The file must give the probabilities that torch gives, to 1e-4, on all clips
    that were held out, or it is not written. What a precision costs in accuracy
    is measured on the same clips, printed and kept in the file's manifest
    (genretag models show); a file that lost more than --allow-loss is not written.

    [bold]Examples[/]

    genretag train export runs/mine --precision int8

    genretag scan --dry-run --model runs/mine/model-int8.onnx ~/Music

    genretag train export runs/mine --bundle models
    """
    with show_progress("exporting") as (_, progress):
        from genretag_train.export.release import release_model

        name = "model.onnx" if precision == "fp32" else f"model-{precision}.onnx"
        file = model_file or run / name
        released = release_model(run, data, precision, file, progress, allow_loss, bool(bundle))
        bundled = {"bundled": str(released.bundle(bundle))} if bundle else {}
    _print_pairs({"wrote": str(released.file), **bundled} | released.describe())


def publish(
    target: Annotated[str, typer.Argument(metavar="RUN|FILE", show_default=False)],
    address: Annotated[str, typer.Argument(metavar="hf:OWNER/REPO", show_default=False)],
    private: Annotated[
        bool, typer.Option("--private", help="Make a new repository private; others stay.")
    ] = False,
    revision: Annotated[
        str | None, typer.Option(help="Branch to publish on; made if missing. \\[default: main]")
    ] = None,
) -> None:
    """Put a model on the Hugging Face Hub, with a card that tells what it is worth.

    Uploads model.onnx and README.md in one commit: scores with intervals, data,
    licence, intended use and limits, as measured by the run. Needs a token that
    may write (hf auth login, or HF_TOKEN). Prints how others fetch this very file.

    [bold]Example[/]

    genretag train publish runs/mine hf:OWNER/REPO --revision v1
    """
    with show_progress("publishing"):
        from genretag.inference import store
        from genretag_train.evaluation.models import load_model
        from genretag_train.export.publish import publish_model

        if not address.startswith(store.HUB_PREFIX):
            raise UsageError(
                Code.BAD_OPTION,
                f"{address!r} is no address on the Hub",
                "Write it as hf:OWNER/REPO.",
            )
        repository = store.parse_hub_address(address)
        upload = publish_model(load_model(target), repository, private, revision)
    pinned = f"{store.HUB_PREFIX}{upload.address.repo}@{upload.address.revision}"
    _print_pairs(
        {
            "published": pinned,
            "sha256": upload.digest,
            "fetch with": f"genretag models pull {pinned} --sha256 {upload.digest}",
        }
    )


def _print_pairs(pairs: Mapping[str, str]) -> None:
    width = max(map(len, pairs))
    for name, value in pairs.items():
        typer.echo(f"{name:<{width}}  {value}")
