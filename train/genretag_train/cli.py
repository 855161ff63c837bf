"""`genretag train`: its options are the fields of `TrainConfig`."""

import inspect
import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from genretag.errors import Code, ExtraMissingError, RunError, UsageError
from genretag_train import data_commands, result_commands, study_commands
from genretag_train.config import TrainConfig, configured

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
        help="Folder for model.onnx, metrics.json, config.toml, curves.csv, last.ckpt, best.ckpt.",
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
        help="Put the model, its card and its held-out clips into this folder as well.",
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


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` an option for each field of `TrainConfig` in place of its `**settings`."""
    own = inspect.signature(command)
    settings = [
        inspect.Parameter(
            entry.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                type(entry.default) | None,
                typer.Option(
                    help=f"{entry.metadata['help']} \\[default: {_shown(entry.default)}]",
                    rich_help_panel=entry.metadata["panel"],
                ),
            ],
        )
        for entry in fields(TrainConfig)
    ]
    fixed = [p for p in own.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    parameters = [*fixed, *settings]
    command.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    return command


def _shown(default: object) -> object:
    return "none" if default == "" else default


@app.callback(invoke_without_command=True)
@_with_settings
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
    **settings: Any,
) -> None:
    """Train a genre classifier on labelled music and export it for `genretag scan --model`.

    80% of each genre's clips are learned from; 10%, the valid side, decide when
    to stop; the last 10%, the test side, are judged once, at the end, by the
    exported file. No artist is on two sides. Clips that are empty, short, silent
    or undecodable are skipped, counted and listed in metrics.json.

    [bold]Examples[/]

    genretag train --data songs.csv --out runs/mine

    genretag train --data MUSIC --out runs/quick --epochs 5 --hidden 32

    genretag train --config train/configs/bundled.toml --data songs.csv
    """
    if context.invoked_subcommand:
        return
    if data is None:
        raise UsageError(
            Code.BAD_OPTION, "There is nothing to learn from", "Give --data a CSV or a folder."
        )
    told = configured(recipe, settings)
    try:
        from genretag_train import pipeline
    except ModuleNotFoundError as error:
        raise ExtraMissingError("training", "train") from error
    place = pipeline.Place(data, out, cache or out / "features", bundle, wandb, tensorboard)
    console = Console(stderr=True, highlight=False)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Listening", total=None)

        def progress(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)

        def say(text: str) -> None:
            # Of several processes that train together, the first speaks.
            if os.environ.get("LOCAL_RANK", "0") != "0":
                return
            console.print(text, markup=False, soft_wrap=True)

        try:
            pipeline.train(told, place, resume, say, progress)
        except OSError as error:
            raise RunError(
                Code.OUTPUT_FAILED,
                f"{error.filename or out}: {error.strerror}",
                "Check the disk and the access rights.",
            ) from error


app.command()(result_commands.evaluate)
app.command()(result_commands.plots)
app.command()(result_commands.export)
app.command()(result_commands.publish)
app.command()(data_commands.fetch)
app.command()(data_commands.features)
app.command()(study_commands.sweep)
app.command()(study_commands.compare)
app.command()(study_commands.head)
