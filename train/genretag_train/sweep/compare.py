"""Recipes over one split and the same seeds: trained, and compared by what they predicted."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from genretag.domain.metrics import Labels
from genretag.errors import Code, UsageError
from genretag_train.config import TrainConfig, load_config
from genretag_train.evaluation.holdout import ClipPrediction
from genretag_train.evaluation.models import load_model, read_metrics
from genretag_train.evaluation.predictions import read_predictions
from genretag_train.nets import NETS
from genretag_train.progress import Notify, Progress
from genretag_train.run_folder import LAST, MODEL, PREDICTIONS, read_json, write_json
from genretag_train.sweep.job import require_one_device
from genretag_train.sweep.paired import RecipeResult, score_recipes
from genretag_train.training import pipeline

COMPARISON, SCHEMA = "compare.json", 2
_ROW_IDENTITY = ("recipe", "published", "settings")
_FACTS = (
    "clips", "clips_without_group", "leaks", "moved_from_published_side",
    "groups_moved_from_published_side", "skipped",
)  # fmt: skip
"""The entries that `compare.json` takes over from the `metrics.json` of the first run."""

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
    """Recipes (architectures or TOML files) that share settings, the data and the seeds.

    A recipe beats the settings in `shared`; those in `fixed` may stand in neither. `published` are
    the scores that stand beside those measured.
    """

    recipes: Sequence[str]
    seeds: Sequence[int]
    data: Path
    out: Path
    cache: Path
    shared: Mapping[str, Any] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    published: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: PUBLISHED)

    def make_config(self, recipe: str, seed: int) -> TrainConfig:
        """Return the settings of one run: the shared ones, overridden by the recipe.

        Raises:
            UsageError: there is no such architecture or file, or a setting is wrong or fixed.
        """
        settings = {**self.shared, **_read_recipe(recipe)}
        barred = sorted(self.fixed.keys() & settings.keys())
        if barred:
            raise UsageError(
                Code.BAD_CONFIG,
                f"{_name(recipe)}: {', '.join(barred)} cannot be chosen here, as the protocol says "
                "which clips are learned from and which are judged",
                "Leave them out of --config and of the recipes.",
            )
        config = load_config(None, {**settings, **self.fixed, "seed": seed})
        require_one_device(config)
        return config

    def folder(self, recipe: str, seed: int) -> Path:
        """Return the folder of one run."""
        return self.out / f"{_name(recipe)}-{seed}"


def compare_recipes(comparison: Comparison, notify: Notify, progress: Progress) -> dict[str, Any]:
    """Train what is not trained yet, a folder RECIPE-SEED in `out` for each run; compare all.

    Each run judges the test side once, at its end, and is compared by the predictions that it
    left. A comparison that is finished is read from `compare.json`.

    Raises:
        UsageError: a recipe is wrong, or the recipes do not learn from the same split, or were
            scored on other clips.
    """
    check_comparison(comparison)
    finished = read_finished(comparison)
    if finished:
        return finished
    results: list[RecipeResult] = []
    for recipe in comparison.recipes:
        results.append(_train_recipe(comparison, recipe, notify, progress))
        _require_same_clips(results[0].name, results[0].clips, results[-1].name, results[-1].clips)
    facts = results[0].facts
    identity = _identify(comparison)
    rows, differences = score_recipes(results)
    summary = {
        **identity,
        "clips": len(results[0].truth),
        "groups": len(set(results[0].groups)),
        "genres": list(facts["genres"]),
        "corpus": {name: facts[name] for name in _FACTS},
        "rows": [{**own, **row} for own, row in zip(identity["rows"], rows, strict=True)],
        "differences": differences,
    }
    write_json(comparison.out / COMPARISON, summary)
    return summary


def check_comparison(comparison: Comparison) -> None:
    """Check all that can be checked before the first run; UsageError as `compare_recipes`."""
    _require_own_names(comparison.recipes)
    _require_same_split([comparison.make_config(recipe, 0) for recipe in comparison.recipes])
    for recipe in comparison.recipes:
        for seed in comparison.seeds:
            _require_own_run(comparison, recipe, seed)


def read_finished(comparison: Comparison) -> dict[str, Any] | None:
    """Return the `compare.json` of this very comparison; None if it is not finished."""
    found = read_json(comparison.out / COMPARISON)
    wanted = _identify(comparison)
    try:
        rows = [{name: row[name] for name in _ROW_IDENTITY} for row in found["rows"]]
    except (KeyError, TypeError):  # none yet, or not one of ours
        return None
    return found if {**found, "rows": rows} == {**found, **wanted} else None


def _identify(comparison: Comparison) -> dict[str, Any]:
    """Return the part of `compare.json` that says what was compared."""
    rows: list[dict[str, Any]] = []
    for recipe in comparison.recipes:
        settings = asdict(comparison.make_config(recipe, 0))
        del settings["seed"]
        published = comparison.published.get(_name(recipe))
        rows.append({"recipe": _name(recipe), "published": published, "settings": settings})
    return {
        "schema": SCHEMA,
        "data": str(comparison.data.absolute()),
        "seeds": list(comparison.seeds),
        "split": rows[0]["settings"]["split"],
        "rows": rows,
    }


def _name(recipe: str) -> str:
    return Path(recipe).stem


def _require_own_names(recipes: Sequence[str]) -> None:
    """Raise UsageError if two recipes would share the folder of their runs."""
    named: dict[str, str] = {}
    for recipe in recipes:
        name = _name(recipe)
        if name in named:
            raise UsageError(
                Code.BAD_OPTION,
                f"Two recipes are called '{name}', as their runs would be: {named[name]} and "
                f"{recipe}",
                "Give each recipe once, and rename a file that has the name of another.",
            )
        named[name] = recipe


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
    """Train a recipe with each seed and collect the predictions of the runs."""
    predicted: list[Labels] = []
    measured: list[dict[str, Any]] = []
    first: list[ClipPrediction] = []
    for seed in comparison.seeds:
        out = comparison.folder(recipe, seed)
        _train_run(comparison, recipe, seed, notify, progress)
        measured.append(read_metrics(out / MODEL))
        genres = list(measured[-1]["test"]["genres"])
        clips = read_predictions(out / PREDICTIONS, genres)
        first = first or clips
        names = [[clip.name for clip in of_run] for of_run in (first, clips)]
        _require_same_clips(
            comparison.folder(recipe, comparison.seeds[0]).name, names[0], out.name, names[1]
        )
        predicted.append(np.array([genres.index(clip.genre) for clip in clips]))
    return RecipeResult(
        _name(recipe),
        tuple(clip.name for clip in first),
        tuple(predicted),
        np.array([genres.index(clip.truth) for clip in first]),
        tuple(clip.group for clip in first),
        float(np.mean([metrics["valid"]["accuracy"] for metrics in measured])),
        float(np.mean([metrics["data"]["training_s"] for metrics in measured])),
        measured[0]["data"],
    )


def _is_done(out: Path) -> bool:
    return bool(read_metrics(out / MODEL)) and (out / PREDICTIONS).is_file()


def _require_own_run(comparison: Comparison, recipe: str, seed: int) -> None:
    """Raise UsageError if the folder holds a run that is done with other settings or data."""
    out = comparison.folder(recipe, seed)
    if not _is_done(out):
        return
    before = load_model(str(out)).config
    source = read_metrics(out / MODEL).get("data", {}).get("source")
    if before is None or asdict(before) != asdict(comparison.make_config(recipe, seed)):
        other = "settings"
    elif source != str(comparison.data.absolute()):
        other = f"data, {source}"
    else:
        return
    raise UsageError(
        Code.BAD_OPTION,
        f"{out} holds a run with other {other}",
        "Choose another --out, or remove that folder.",
    )


def _train_run(
    comparison: Comparison, recipe: str, seed: int, notify: Notify, progress: Progress
) -> None:
    """Train, go on with a run that was cut short, or leave one that is done as it is."""
    out = comparison.folder(recipe, seed)
    if _is_done(out):
        return
    notify(f"{out.name}:")
    paths = pipeline.RunPaths(comparison.data, out, comparison.cache)
    config = comparison.make_config(recipe, seed)
    report = pipeline.train(config, paths, (out / LAST).exists(), notify, progress)
    if report:
        notify(pipeline.format_test_scores(report, out))
