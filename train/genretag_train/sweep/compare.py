"""Recipes over one split and the same seeds: scores side by side, and which surely differ."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Group
from rich.table import Table

from genretag.domain import metrics
from genretag.domain.metrics import Labels
from genretag.errors import Code, UsageError
from genretag_train.config import TrainConfig, load_config
from genretag_train.evaluation import evaluate, runs
from genretag_train.nets import NETS
from genretag_train.progress import Notify, Progress
from genretag_train.run_folder import LAST, METRICS, MODEL, write_json
from genretag_train.sweep.search import alone
from genretag_train.training import pipeline

COMPARISON = "compare.json"
SCORES = {
    "accuracy": metrics.accuracy,
    "f1_weighted": metrics.f1_weighted,
    "f1_macro": metrics.f1_macro,
}

PUBLISHED: Mapping[str, Mapping[str, float]] = {
    "cnn1d_gru": {"accuracy": 0.6910, "f1_weighted": 0.674, "f1_macro": 0.556},
    "cnn1d_lstm": {"accuracy": 0.6969, "f1_weighted": 0.6864, "f1_macro": 0.598},
    "cnn2d_lstm": {"accuracy": 0.7083, "f1_weighted": 0.6970, "f1_macro": 0.6077},
    "cnn2d_gru": {"accuracy": 0.7140, "f1_weighted": 0.7028, "f1_macro": 0.6190},
}
"""What the study tells of its final four on the test side of FMA Large."""


@dataclass(frozen=True)
class Comparison:
    """Recipes (architectures or TOML files) that share `base`, the data and the seeds."""

    recipes: Sequence[str]
    seeds: Sequence[int]
    data: Path
    out: Path
    cache: Path
    base: Path | None = None

    def config(self, recipe: str, seed: int) -> TrainConfig:
        """The settings of one run: the base, overridden by the recipe.

        Raises:
            UsageError: there is no such architecture or file, or a setting is wrong.
        """
        config = load_config(self.base, {**_told(recipe), "seed": seed})
        alone(config)
        return config


@dataclass(frozen=True, eq=False)
class RecipeResult:
    """What the runs of a recipe, one for each seed, made of the same test clips.

    `said` and `truth` are indices of genres [n_clips]; `clips` and `groups` have the name and the
    group of each clip.
    """

    name: str
    clips: tuple[str, ...]
    said: tuple[Labels, ...]
    truth: Labels
    groups: tuple[str, ...]
    valid_accuracy: float
    training_s: float


def compared(comparison: Comparison, notify: Notify, progress: Progress) -> dict[str, Any]:
    """Train what is not trained yet, a folder RECIPE-SEED in `out` for each run, and judge all.

    Raises:
        UsageError: a recipe is wrong, or the recipes do not learn from the same split, or were
            judged on other clips.
    """
    _same_split([comparison.config(recipe, 0) for recipe in comparison.recipes])
    found: list[RecipeResult] = []
    for recipe in comparison.recipes:
        found.append(_contestant(comparison, recipe, notify, progress))
        _same_clips(found[0].name, found[0].clips, found[-1].name, found[-1].clips)
    told = {
        "schema": 1,
        "data": str(comparison.data),
        "clips": len(found[0].truth),
        "groups": len(set(found[0].groups)),
        "seeds": list(comparison.seeds),
        "split": comparison.config(comparison.recipes[0], 0).split,
        "rows": [_row(one) for one in found],
        "differences": [_difference(*pair) for pair in combinations(found, 2)],
    }
    write_json(comparison.out / COMPARISON, told)
    return told


def _same_split(configs: Sequence[TrainConfig]) -> None:
    for name in (
        "genres",
        "label_column",
        "min_tracks",
        "min_groups",
        "min_s",
        "split",
        "split_seed",
    ):
        if len({getattr(config, name) for config in configs}) > 1:
            raise UsageError(
                Code.BAD_OPTION,
                f"The recipes differ in '{name}', so they would be judged on other clips",
                "Compare recipes that agree in it.",
            )


def _same_clips(name: str, clips: Sequence[str], other: str, others: Sequence[str]) -> None:
    """UsageError unless two runs were judged on equal clips: else there is nothing to pair."""
    if tuple(clips) != tuple(others):
        differing = sorted({*clips} ^ {*others}) or ["their order"]
        raise UsageError(
            Code.BAD_OPTION,
            f"{name} was judged on {len(clips)} clips and {other} on {len(others)}, and they "
            f"differ (in {', '.join(differing[:3])}{' ...' if differing[3:] else ''})",
            "The data changed between the runs: choose another --out, to train all of them anew.",
        )


def _told(recipe: str) -> dict[str, Any]:
    if recipe in NETS:
        return {"arch": recipe}
    if not Path(recipe).is_file():
        raise UsageError(
            Code.BAD_OPTION,
            f"'{recipe}' is neither an architecture nor a file",
            f"Known: {', '.join(NETS)}; train/configs/study has recipes.",
        )
    load_config(Path(recipe), {})  # refuses wrong settings by name
    return tomllib.loads(Path(recipe).read_text(encoding="utf-8"))


def _contestant(
    comparison: Comparison, recipe: str, notify: Notify, progress: Progress
) -> RecipeResult:
    name, said, valid, seconds = Path(recipe).stem, [], [], []
    judged: dict[str, tuple[str, ...]] = {}
    for seed in comparison.seeds:
        out = comparison.out / f"{name}-{seed}"
        config = comparison.config(recipe, seed)
        _trained(config, comparison, out, notify, progress)
        told = runs.metrics_beside(out / MODEL)
        subject = runs.subject(str(out))
        chosen = runs.chosen(subject, comparison.data, "test", None)
        heard = evaluate.heard(subject, chosen.clips, progress)
        judged[out.name] = tuple(clip.name for clip in heard.clips)
        _same_clips(*next(iter(judged.items())), out.name, judged[out.name])
        said.append(heard.probabilities.argmax(axis=1))
        valid.append(told["valid"]["accuracy"])
        seconds.append(told["data"]["training_s"])
    return RecipeResult(
        name,
        judged[out.name],
        tuple(said),
        heard.truth,
        tuple(clip.group for clip in heard.clips),
        float(np.mean(valid)),
        float(np.mean(seconds)),
    )


def _trained(
    config: TrainConfig,
    comparison: Comparison,
    out: Path,
    notify: Notify,
    progress: Progress,
) -> None:
    """Train, go on with a run that was cut short, or leave one that is done as it is."""
    if (out / METRICS).exists():
        before = runs.subject(str(out)).config
        if before is None or asdict(before) != asdict(config):
            raise UsageError(
                Code.BAD_OPTION,
                f"{out} holds a run with other settings",
                "Choose another --out, or remove that folder.",
            )
        return
    notify(f"{out.name}:")
    place = pipeline.RunPaths(comparison.data, out, comparison.cache)
    pipeline.train(config, place, (out / LAST).exists(), notify, progress)


def _row(one: RecipeResult) -> dict[str, Any]:
    return {
        "recipe": one.name,
        "published": PUBLISHED.get(one.name),
        "valid_accuracy": one.valid_accuracy,
        "training_s": one.training_s,
        **{name: _mean(name, one, slice(None)) for name in SCORES},
        **{f"{name}_95": _interval([one], name) for name in SCORES},
    }


def _difference(first: RecipeResult, second: RecipeResult) -> dict[str, Any]:
    """How much better `first` is; surely so if the interval leaves 0 out."""
    return {
        "recipes": [first.name, second.name],
        **{
            name: _mean(name, first, slice(None)) - _mean(name, second, slice(None))
            for name in SCORES
        },
        **{f"{name}_95": _interval([first, second], name) for name in SCORES},
    }


def _mean(score: str, one: RecipeResult, drawn: Any) -> float:
    """A score of the clips `drawn`, averaged over the seeds."""
    return float(np.mean([SCORES[score](said[drawn], one.truth[drawn]) for said in one.said]))


def _interval(pair: Sequence[RecipeResult], score: str) -> tuple[float, float]:
    """Bootstrap interval of a score, or of the difference of two over the same draws."""

    def scores() -> Iterator[float]:
        for drawn in metrics.bootstrap_indices(pair[0].groups):
            first, *others = (_mean(score, one, drawn) for one in pair)
            yield first - sum(others)

    return metrics.percentile_interval(scores())


def shown(told: Mapping[str, Any]) -> Group:
    """The tables that a terminal shows of what `compared` gives."""
    seeds = ", ".join(map(str, told["seeds"]))
    head = f"{told['clips']} test clips of {told['groups']} groups, split '{told['split']}', "
    return Group(
        f"{head}seeds {seeds}. Scores in %, their 95% intervals in brackets.",
        "",
        _scores(told["rows"]),
        "",
        "Accuracy of the row less that of the column, in points; * differs surely (the 95% "
        "interval of the paired bootstrap leaves 0 out)",
        _differences(told),
    )


def _scores(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("recipe", no_wrap=True)
    for words in ("accuracy", "F1 weighted", "F1 macro"):
        table.add_column(f"{words}\npublished", justify="right")
        table.add_column("measured\n", justify="right", no_wrap=True)
    table.add_column("valid\naccuracy", justify="right")
    table.add_column("minutes\na run", justify="right")
    for row in rows:
        cells = []
        for name in SCORES:
            published, (low, high) = row["published"], row[f"{name}_95"]
            cells.append(_percent(published[name], 2) if published else "")
            cells.append(f"{_percent(row[name])} \\[{_percent(low)}, {_percent(high)}]")
        valid, minutes = _percent(row["valid_accuracy"]), f"{row['training_s'] / 60:.1f}"
        table.add_row(row["recipe"], *cells, valid, minutes)
    return table


def _differences(told: Mapping[str, Any]) -> Table:
    names = [row["recipe"] for row in told["rows"]]
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    for name in names[1:]:
        table.add_column(name, justify="right")
    cells = {tuple(found["recipes"]): _points(found) for found in told["differences"]}
    for first in names[:-1]:
        table.add_row(first, *(cells.get((first, second), "") for second in names[1:]))
    return table


def _points(found: Mapping[str, Any]) -> str:
    low, high = found["accuracy_95"]
    return f"{100 * found['accuracy']:+.1f}{'*' if low > 0 or high < 0 else ' '}"


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f}"
