"""`genretag train`: its options are the fields of `TrainConfig`."""

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from genretag.errors import Code, UsageError
from genretag.option_groups import with_options
from genretag_train.cli import data, results, studies
from genretag_train.cli.progress import show_progress
from genretag_train.cli.settings import make_settings
from genretag_train.config import load_config

app = typer.Typer(rich_markup_mode="rich")
_RUN = "Run"

DataOption = Annotated[
    Path | None,
    typer.Option(
        help="Labelled music: a CSV file (columns path or file; genre or label; where known "
        "group or artist, split), an FMA folder, or a folder with a folder for each genre.",
        rich_help_panel=_RUN,
    ),
]
OutOption = Annotated[
    Path,
    typer.Option(
        help="Folder for model.onnx, metrics.json, predictions.csv, config.toml, curves.csv, "
        "last.ckpt, best.ckpt.",
        rich_help_panel=_RUN,
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", help="TOML file with settings; options beat it.", rich_help_panel=_RUN
    ),
]
ResumeOption = Annotated[
    bool,
    typer.Option("--resume", help="Go on from OUT/last.ckpt.", rich_help_panel=_RUN),
]
CacheOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder where features are kept. \\[default: OUT/features]",
        rich_help_panel=_RUN,
    ),
]
BundleOption = Annotated[
    Path | None,
    typer.Option(
        help="Put the model, its card and its held-out clips into this folder as well, under its "
        "--name: what genretag's own models folder has of a model.",
        rich_help_panel=_RUN,
    ),
]


WandbOption = Annotated[
    bool,
    typer.Option("--wandb", help="Log to Weights & Biases too.", rich_help_panel=_RUN),
]
TensorboardOption = Annotated[
    bool,
    typer.Option("--tensorboard", help="Log to OUT/tensorboard too.", rich_help_panel=_RUN),
]


@app.callback(invoke_without_command=True)
@with_options(settings=make_settings())
def train(
    context: typer.Context,
    data: DataOption = None,
    out: OutOption = Path("runs/latest"),
    recipe: ConfigOption = None,
    resume: ResumeOption = False,
    cache: CacheOption = None,
    bundle: BundleOption = None,
    wandb: WandbOption = False,
    tensorboard: TensorboardOption = False,
    *,
    settings: Any,
) -> None:
    """Train a genre classifier on labelled music and export it for `genretag scan --model`.

    80% of each genre's clips are learned from. 10%, the valid side, decide when
    to stop, and from which score on a genre is written. The last 10%, the test
    side, are scored once, at the end, by the exported file. No artist is on two
    sides, where the data names artists. Clips that are empty, short, silent or
    undecodable are skipped, counted and listed in metrics.json.

    [bold]Examples[/]

    genretag train --data songs.csv --out runs/mine

    genretag train --data MUSIC --out runs/quick --epochs 5 --hidden 32

    genretag train --config train/configs/bundled.toml --data songs.csv
    """
    if context.invoked_subcommand:
        return
    if data is None:
        raise UsageError(
            Code.BAD_OPTION, "There is no data to learn from", "Give --data a CSV or a folder."
        )
    config = load_config(recipe, vars(settings))
    with show_progress("training") as (notify, progress):
        from genretag_train.training import pipeline

        paths = pipeline.RunPaths(data, out, cache or out / "features", bundle, wandb, tensorboard)
        report = pipeline.train(config, paths, resume, notify, progress)
        if report:
            notify(pipeline.format_test_scores(report, out))
            if warning := pipeline.describe_missed_precision(report, config):
                notify(warning)
            made = bundle / f"{config.name}.onnx" if bundle else out / "model.onnx"
            notify(f"Try it: genretag scan --dry-run --model {shlex.quote(str(made))} MUSIC")


app.command()(results.evaluate)
app.command()(results.plots)
app.command()(results.export)
app.command()(results.publish)
app.command()(data.fetch)
app.command()(data.features)
app.command()(studies.sweep)
app.command()(studies.compare)
app.command()(studies.head)
