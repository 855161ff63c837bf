"""`genretag train sweep`, `compare` and `head`: studies of many runs or folds."""

from pathlib import Path
from typing import Annotated

import typer

from genretag.errors import Code, UsageError
from genretag_train.cli.progress import show_progress
from genretag_train.config import read_settings

DataOption = Annotated[
    Path, typer.Option(help="Labelled music as `genretag train` reads it.", show_default=False)
]
BaseOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        dir_okay=False,
        help="TOML file with settings that all runs share; train/configs/ has the study's.",
    ),
]
CacheOption = Annotated[
    Path | None,
    typer.Option(help="Folder where features are kept. \\[default: OUT/features]"),
]


def sweep(
    file: Annotated[
        Path,
        typer.Argument(metavar="SWEEP.yaml", dir_okay=False, show_default=False),
    ],
    data: DataOption,
    out: Annotated[
        Path,
        typer.Option(
            help="Folder for trials.csv, importance.png, study.db and a run's folder for each "
            "trial."
        ),
    ] = Path("runs/sweep"),
    base: BaseOption = None,
    trials: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Trials in all, by all processes together. "
            "\\[default: the file's run_cap, all of a grid, or 20]",
            show_default=False,
        ),
    ] = None,
    storage: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Database that the processes of a sweep share. \\[default: "
            "sqlite:///OUT/study.db]",
            show_default=False,
        ),
    ] = "",
    prune: Annotated[
        bool,
        typer.Option(
            "--prune/--no-prune",
            help="End a trial that the others beat: by early_terminate in the file, else when "
            "it is below their median after the fourth epoch.",
        ),
    ] = True,
    cache: CacheOption = None,
    wandb: Annotated[
        bool,
        typer.Option("--wandb", help="Let a Weights & Biases server choose instead of Optuna."),
    ] = False,
) -> None:
    """Search for good settings, as a W&B sweep file describes the search.

    The file names a method (bayes, random, grid), a metric of the valid side
    (val_loss, val_accuracy, val_f1_weighted, val_f1_macro) and parameters, which
    are the settings of `genretag train`, with value, values, or min and max
    (uniform, log_uniform_values, q_uniform, int_uniform). A trial counts with the
    epoch that it keeps: the one with the least val_loss. Nothing is chosen by the
    test side, though each run's metrics.json has it. importance.png shows which
    settings matter, once four trials ran to their end.

    [bold]The same command goes on[/] after a kill or Ctrl-C, in the middle of the
    trial that was cut short. Given several times at once it shares the trials out;
    on several machines give them one --storage. A trial of a process that died is
    taken up two minutes later.

    [bold]Examples[/]

    genretag train sweep train/configs/sweep_first.yaml --data fma --trials 30

    genretag train sweep my.yaml --data songs.csv --storage sqlite:////shared/study.db
    """
    from rich.console import Console

    with show_progress("sweeping") as (notify, progress):
        from genretag_train.sweep.importance import save_importance
        from genretag_train.sweep.job import SweepJob
        from genretag_train.sweep.reader import read_sweep
        from genretag_train.sweep.search import run_sweep
        from genretag_train.sweep.study import TRIALS
        from genretag_train.sweep.table import make_rows, make_table

        definition = read_sweep(file)
        cache = cache or out / "features"
        job = SweepJob(definition, data, out, cache, base, storage, trials, prune)
        if wandb:
            from genretag_train.sweep.wandb_agent import run_agent

            typer.echo(f"sweep {run_agent(job, notify, progress)}")
            return
        study = run_sweep(job, notify, progress)
        rows = make_rows(study, definition)
        pictures = save_importance(study, definition, rows, out)
    Console(highlight=False).print(make_table(rows, definition))
    if pictures:
        notify(f"Which settings matter: {pictures[0]}")
    if any(row["state"] == "running" for row in rows):
        notify("A trial runs elsewhere, or its process died: then give the command again later.")
    notify(f"All scores: {out / TRIALS}")
    notify(f"Judge the best: genretag train evaluate {out / rows[0]['run']}")


def compare(
    data: DataOption,
    recipes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RECIPE",
            help="Architectures, or TOML files with settings that beat --config. "
            "\\[default: the study's final four]",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Folder for compare.json and a run's folder for each run.")
    ] = Path("runs/compare"),
    base: BaseOption = None,
    seeds: Annotated[
        str, typer.Option(help="A run with each of these seeds, separated by commas.")
    ] = "1",
    cache: CacheOption = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A split and genres that are given, so that scores compare with those of others: "
            "fma-large-artist, FMA Large with artists apart, 12 and 16 genres.",
        ),
    ] = None,
) -> None:
    """Train several recipes over one split, and show which are better.

    The table has the study's published scores beside those measured on the test
    side, averaged over the seeds, with 95% bootstrap intervals over groups. Below
    it stands how much the recipes differ, and whether that is sure: a paired
    bootstrap over the same clips. It does not know how much another split or
    other seeds would change. Above it stands what the split leaks: how many test
    clips are by artists that are learned from as well.

    [bold]The same command goes on[/] after a kill or Ctrl-C. Each run judges the
    test side once, at its end; a comparison that is done is read from its file.

    [bold]Examples[/]

    genretag train compare --protocol fma-large-artist --data fma --out runs/fma

    genretag train compare cnn2d cnn2d_gru --data songs.csv --seeds 1,2,3
    """
    from rich.console import Console

    if not all(seed.strip().isdecimal() for seed in seeds.split(",")):
        raise UsageError(Code.BAD_OPTION, f"'{seeds}' are not seeds", "Give --seeds 1,2,3.")
    numbers = tuple(dict.fromkeys(int(seed) for seed in seeds.split(",")))
    with show_progress("comparing") as (notify, progress):
        from genretag_train.sweep.compare import PUBLISHED, Comparison, compare_recipes
        from genretag_train.sweep.compare_table import make_protocol_tables, make_tables
        from genretag_train.sweep.protocol import run_protocol

        comparison = Comparison(
            recipes or list(PUBLISHED),
            numbers,
            data,
            out,
            cache or out / "features",
            read_settings(base) if base else {},
        )
        if protocol:
            tables = make_protocol_tables(run_protocol(protocol, comparison, notify, progress))
        else:
            tables = make_tables(compare_recipes(comparison, notify, progress))
    Console(highlight=False).print(tables)


def head(
    recipe: Annotated[
        Path,
        typer.Argument(
            metavar="RECIPE.toml",
            dir_okay=False,
            help="TOML file with settings; train/configs/musicnn.toml made the default model.",
            show_default=False,
        ),
    ],
    data: DataOption,
    out: Annotated[Path, typer.Option(help="Folder for model.onnx and metrics.json.")] = Path(
        "runs/head"
    ),
    cache: CacheOption = None,
    bundle: Annotated[
        Path | None,
        typer.Option(help="Put model, card and predictions into this folder as well."),
    ] = None,
    wheel: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="The backbones' package, musicnn-0.1.0-py3-none-any.whl. "
            "\\[default: fetched from PyPI]",
        ),
    ] = None,
    rival: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="Held-out clips and predictions of an earlier model, as --bundle writes them: "
            "both models are compared on these.",
        ),
    ] = None,
) -> None:
    """Fit a linear head to pretrained music taggers: little data gives a usable model.

    The taggers (musicnn, 29 MB) are fetched once and checked. The head is fitted to
    all clips. Cross-validation, once with artists kept apart and once with whole
    sources left out, scores it and sets the temperature and the threshold for
    'unsure'.

    [bold]Example[/]

    genretag train head train/configs/musicnn.toml --data songs.csv
    """
    with show_progress("training") as (notify, progress):
        from genretag.inference.store import list_notices
        from genretag_train.evaluation.bundle import check_bundle_name, write_bundle
        from genretag_train.transfer.head import HeadPaths, train_head
        from genretag_train.transfer.head_card import render_measurements
        from genretag_train.transfer.head_config import read_config

        config = read_config(recipe)
        if bundle:
            check_bundle_name(config.name)
        paths = HeadPaths(data, out, cache or out / "features", wheel, rival)
        fitted = train_head(config, paths, notify, progress)
        if bundle:
            measurements, predictions = render_measurements(fitted), fitted.predictions()
            write_bundle(fitted.file, measurements, predictions, bundle, list_notices())
    scores = fitted.validations["groups"].report
    notify(
        f"Artists apart: accuracy {scores['accuracy']:.3f}, top-2 {scores['accuracy_top2']:.3f}, "
        f"macro-F1 {scores['f1_macro']:.3f}; see {fitted.file}"
    )
