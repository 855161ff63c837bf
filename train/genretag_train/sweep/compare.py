"""Recipes over one split and the same seeds: scores side by side, and which surely differ."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from genretag.domain import metrics
from genretag.domain.metrics import Labels
from genretag.errors import Code, UsageError
from genretag_train.config import TrainConfig, load_config
from genretag_train.evaluation.clips import select_clips
from genretag_train.evaluation.evaluate import score_clips
from genretag_train.evaluation.models import load_model, read_metrics
from genretag_train.nets import NETS
from genretag_train.progress import Notify, Progress
from genretag_train.run_folder import LAST, METRICS, MODEL, write_json
from genretag_train.sweep.job import require_one_device
from genretag_train.training import pipeline

COMPARISON = "compare.json"
SCORES = {
    "accuracy": metrics.accuracy,
    "f1_weighted": metrics.f1_weighted,
    "f1_macro": metrics.f1_macro,
}
SPLIT_SETTINGS = (
    "genres", "label_column", "min_tracks", "min_groups", "min_s", "split", "split_seed",
)  # fmt: skip
"""The settings that decide which clips are on the test side."""

PUBLISHED: Mapping[str, Mapping[str, float]] = {
    "cnn1d_gru": {"accuracy": 0.6910, "f1_weighted": 0.674, "f1_macro": 0.556},
    "cnn1d_lstm": {"accuracy": 0.6969, "f1_weighted": 0.6864, "f1_macro": 0.598},
    "cnn2d_lstm": {"accuracy": 0.7083, "f1_weighted": 0.6970, "f1_macro": 0.6077},
    "cnn2d_gru": {"accuracy": 0.7140, "f1_weighted": 0.7028, "f1_macro": 0.6190},
}
"""The scores of the study's final four on the test side of FMA Large."""


@dataclass(frozen=True)
class Comparison:
    """Recipes (architectures or TOML files) that share `base`, the data and the seeds."""

    recipes: Sequence[str]
    seeds: Sequence[int]
    data: Path
    out: Path
    cache: Path
    base: Path | None = None

    def make_config(self, recipe: str, seed: int) -> TrainConfig:
        """Return the settings of one run: the base, overridden by the recipe.

        Raises:
            UsageError: there is no such architecture or file, or a setting is wrong.
        """
        config = load_config(self.base, {**_read_recipe(recipe), "seed": seed})
        require_one_device(config)
        return config


@dataclass(frozen=True, eq=False)
class RecipeResult:
    """The predictions of a recipe's runs, one for each seed, for the same test clips.

    `predicted` and `truth` are indices of genres [n_clips]; `clips` and `groups` have the name
    and the group of each clip.
    """

    name: str
    clips: tuple[str, ...]
    predicted: tuple[Labels, ...]
    truth: Labels
    groups: tuple[str, ...]
    valid_accuracy: float
    training_s: float


def compare_recipes(comparison: Comparison, notify: Notify, progress: Progress) -> dict[str, Any]:
    """Train what is not trained yet, a folder RECIPE-SEED in `out` for each run; score all.

    Raises:
        UsageError: a recipe is wrong, or the recipes do not learn from the same split, or were
            scored on other clips.
    """
    _require_same_split([comparison.make_config(recipe, 0) for recipe in comparison.recipes])
    results: list[RecipeResult] = []
    for recipe in comparison.recipes:
        results.append(_train_recipe(comparison, recipe, notify, progress))
        _require_same_clips(results[0].name, results[0].clips, results[-1].name, results[-1].clips)
    summary = {
        "schema": 1,
        "data": str(comparison.data),
        "clips": len(results[0].truth),
        "groups": len(set(results[0].groups)),
        "seeds": list(comparison.seeds),
        "split": comparison.make_config(comparison.recipes[0], 0).split,
        "rows": [_make_row(result) for result in results],
        "differences": [_compare_pair(*pair) for pair in combinations(results, 2)],
    }
    write_json(comparison.out / COMPARISON, summary)
    return summary


def _require_same_split(configs: Sequence[TrainConfig]) -> None:
    for name in SPLIT_SETTINGS:
        if len({getattr(config, name) for config in configs}) > 1:
            raise UsageError(
                Code.BAD_OPTION,
                f"The recipes differ in '{name}', so they would be scored on other clips",
                "Compare recipes that agree in it.",
            )


def _require_same_clips(name: str, clips: Sequence[str], other: str, others: Sequence[str]) -> None:
    """Raise UsageError unless two runs were scored on equal clips: else nothing can be paired."""
    if tuple(clips) != tuple(others):
        differing = sorted({*clips} ^ {*others}) or ["their order"]
        raise UsageError(
            Code.BAD_OPTION,
            f"{name} was scored on {len(clips)} clips and {other} on {len(others)}, and they "
            f"differ (in {', '.join(differing[:3])}{' ...' if differing[3:] else ''})",
            "The data changed between the runs: choose another --out, to train all of them anew.",
        )


def _read_recipe(recipe: str) -> dict[str, Any]:
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


def _train_recipe(
    comparison: Comparison, recipe: str, notify: Notify, progress: Progress
) -> RecipeResult:
    """Train a recipe with each seed and predict the test side with each run."""
    name, predicted, valid, seconds = Path(recipe).stem, [], [], []
    clips: dict[str, tuple[str, ...]] = {}
    for seed in comparison.seeds:
        out = comparison.out / f"{name}-{seed}"
        _train_run(comparison.make_config(recipe, seed), comparison, out, notify, progress)
        measured, model = read_metrics(out / MODEL), load_model(str(out))
        selected = select_clips(model, comparison.data, "test")
        scored = score_clips(model, selected.clips, progress)
        clips[out.name] = tuple(clip.name for clip in scored.clips)
        _require_same_clips(*next(iter(clips.items())), out.name, clips[out.name])
        predicted.append(scored.predicted)
        valid.append(measured["valid"]["accuracy"])
        seconds.append(measured["data"]["training_s"])
    return RecipeResult(
        name,
        clips[out.name],
        tuple(predicted),
        scored.truth,
        tuple(scored.groups),
        float(np.mean(valid)),
        float(np.mean(seconds)),
    )


def _train_run(
    config: TrainConfig, comparison: Comparison, out: Path, notify: Notify, progress: Progress
) -> None:
    """Train, go on with a run that was cut short, or leave one that is done as it is."""
    if (out / METRICS).exists():
        before = load_model(str(out)).config
        if before is None or asdict(before) != asdict(config):
            raise UsageError(
                Code.BAD_OPTION,
                f"{out} holds a run with other settings",
                "Choose another --out, or remove that folder.",
            )
        return
    notify(f"{out.name}:")
    paths = pipeline.RunPaths(comparison.data, out, comparison.cache)
    report = pipeline.train(config, paths, (out / LAST).exists(), notify, progress)
    if report:
        notify(pipeline.format_test_scores(report, out))


def _make_row(result: RecipeResult) -> dict[str, Any]:
    return {
        "recipe": result.name,
        "published": PUBLISHED.get(result.name),
        "valid_accuracy": result.valid_accuracy,
        "training_s": result.training_s,
        **{name: _average(name, result, slice(None)) for name in SCORES},
        **{f"{name}_95": _bootstrap([result], name) for name in SCORES},
    }


def _compare_pair(first: RecipeResult, second: RecipeResult) -> dict[str, Any]:
    """Return how much better `first` is; surely so if the interval leaves 0 out."""
    return {
        "recipes": [first.name, second.name],
        **{
            name: _average(name, first, slice(None)) - _average(name, second, slice(None))
            for name in SCORES
        },
        **{f"{name}_95": _bootstrap([first, second], name) for name in SCORES},
    }


def _average(score: str, result: RecipeResult, sample: Any) -> float:
    """Return a score of some clips, averaged over the seeds."""
    truth = result.truth[sample]
    return float(np.mean([SCORES[score](labels[sample], truth) for labels in result.predicted]))


def _bootstrap(pair: Sequence[RecipeResult], score: str) -> tuple[float, float]:
    """Return the 95% interval of a score, or of the difference of two over the same samples."""

    def scores() -> Iterator[float]:
        for sample in metrics.bootstrap_indices(pair[0].groups):
            first, *others = (_average(score, result, sample) for result in pair)
            yield first - sum(others)

    return metrics.percentile_interval(scores())
