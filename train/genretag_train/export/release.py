"""From a run's best checkpoint to a file to hand on, checked against torch on real clips."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genretag.errors import Code, RunError, UsageError
from genretag.inference import session
from genretag_train.config import TrainConfig
from genretag_train.data.dataset import bad_dataset
from genretag_train.evaluation import runs
from genretag_train.evaluation.calibration import probabilities_at
from genretag_train.evaluation.holdout import HoldoutReport, Side, judgement_of
from genretag_train.export.precision import PRECISIONS
from genretag_train.features.corpus import Corpus, build_corpus
from genretag_train.features.extraction import (
    FeatureSpec,
    Windows,
    extract_windows,
    make_feature_spec,
)
from genretag_train.features.store import FeatureStore
from genretag_train.nets.onnx_export import export_onnx, open_session, write_manifest
from genretag_train.progress import Progress, map_threaded
from genretag_train.run_folder import BEST
from genretag_train.training.learner import Learner
from genretag_train.training.loop import load_checkpoint
from genretag_train.training.pipeline import make_manifest

TOLERANCE = 1e-4
"""Largest difference between a probability by torch and one by the exported file."""

Logits = NDArray[np.float32]
Scorer = Callable[[Windows], Logits]


@dataclass(frozen=True)
class Cost:
    """What a precision costs on the test side, against the net as it was trained.

    `same_genre` is the share of all judged clips with the same best genre, `largest_gap`
    the largest difference in probability over their windows.
    """

    precision: str
    clips: int
    accuracy_fp32: float
    accuracy: float
    f1_macro_fp32: float
    f1_macro: float
    same_genre: float
    largest_gap: float


@dataclass(frozen=True)
class Released:
    """The file that was written, what it costs, and how near to torch the export came."""

    file: Path
    cost: Cost
    parity: float


def released(
    run: Path, data: Path | None, precision: str, out: Path, progress: Progress
) -> Released:
    """Export the best epoch of `run` to `out` in a precision of `PRECISIONS`.

    All clips of the valid and the test side are heard. The single-precision export must
    give torch's probabilities to `TOLERANCE`; the valid side then calibrates the file anew.
    `out` appears whole or not at all.

    Raises:
        UsageError: `run` has no checkpoint, or it is not known what it learned from.
        RunError: `parity`, or `bad-dataset` if the clips are not what it learned from.
    """
    learner = restored(run)
    config, spec = learner.config, make_feature_spec(learner.config)
    study = _study(run, data, learner, spec, progress)
    with TemporaryDirectory(dir=out.parent, prefix=".export-") as scratch:
        whole, made = Path(scratch, "fp32.onnx"), Path(scratch, "made.onnx")
        export_onnx(learner.net, whole, spec.n_frames, config.n_mels)
        PRECISIONS[precision](whole, made)
        scorers = {"torch": _by_torch(learner), "fp32": _by_file(whole), "made": _by_file(made)}
        sides = {side: _heard(study, side, spec, scorers, progress) for side in ("valid", "test")}
        parity = _parity(sides)
        before, after = (_judged(sides, by, study, config) for by in ("fp32", "made"))
        cost = _cost(precision, sides, before, after)
        story = make_manifest(config, spec, study, after)
        told = {"precision": vars(cost) | {"parity": parity}}
        write_manifest(made, replace(story, scores={**story.scores, **told}))
        session.load(made, "cpu")
        made.replace(out)
    return Released(out, cost, parity)


def restored(run: Path) -> Learner:
    """The net of the best epoch, ready to judge; UsageError if the run has no checkpoint."""
    if not (run / BEST).is_file():
        raise UsageError(
            Code.BAD_OPTION, f"{run}: there is no {BEST} in it", "Give the --out of a training run."
        )
    kept = load_checkpoint(run / BEST)
    told = kept["genretag"]
    learner = Learner(runs.config_from(told["config"]), tuple(told["genres"]), None)
    learner.load_state_dict(kept["state_dict"])
    return learner.eval()


def _study(
    run: Path, data: Path | None, learner: Learner, spec: FeatureSpec, progress: Progress
) -> Corpus:
    facts = runs.metrics_beside(run / BEST).get("data", {})
    clips = runs.source(data, facts)
    if facts:
        study = runs.study_of(clips, learner.config, facts)
    else:  # A run that was cut short has not told what it skipped.
        study = build_corpus(clips, FeatureStore(run / "features", spec), learner.config, progress)
    if study.genres != learner.genres:
        raise bad_dataset(f"{clips}: these are not the genres that {run} was trained on")
    return study


def _by_torch(learner: Learner) -> Scorer:
    def score(mel: Windows) -> Logits:
        with torch.inference_mode():
            logits: Logits = learner.net(torch.from_numpy(mel)).numpy()
        return logits

    return score


def _by_file(file: Path) -> Scorer:
    model = open_session(file)
    return lambda mel: model.run(["logits"], {"mel": mel})[0]


@dataclass(frozen=True, eq=False)
class _Heard:
    """The audible clips of a side, as indices, and each scorer's logits of them."""

    indices: list[int]
    logits: dict[str, list[Logits]]


def _heard(
    study: Corpus, side: str, spec: FeatureSpec, scorers: Mapping[str, Scorer], progress: Progress
) -> _Heard:
    def scored(index: int) -> dict[str, Logits] | None:
        mel = extract_windows(study.clips[index].path, spec)
        return {by: score(mel) for by, score in scorers.items()} if len(mel) else None

    found = map_threaded(scored, study.indices(side), progress)
    audible = [(index, by) for index, by in found if by is not None]
    if not audible:
        raise bad_dataset(f"no clip of the {side} side can be heard")
    return _Heard(
        [index for index, _ in audible],
        {name: [by[name] for _, by in audible] for name in scorers},
    )


def _parity(sides: Mapping[str, _Heard]) -> float:
    """The largest difference in probability between torch and the export, or RunError."""
    gap = max(_gap(heard.logits["torch"], heard.logits["fp32"]) for heard in sides.values())
    if not gap <= TOLERANCE:
        raise RunError(
            Code.PARITY,
            f"The export differs by {gap:.1e} from the trained net on real clips",
            "Nothing was written; please report this with the versions of torch and onnx.",
        )
    return gap


def _gap(one: Sequence[Logits], other: Sequence[Logits]) -> float:
    pair = (torch.from_numpy(np.concatenate(rows)).softmax(dim=1) for rows in (one, other))
    first, second = pair
    return float((first - second).abs().max())


def _judged(
    sides: Mapping[str, _Heard], by: str, study: Corpus, config: TrainConfig
) -> HoldoutReport:
    valid, test = (
        Side(
            [study.clips[index].name for index in heard.indices],
            [study.clips[index].group for index in heard.indices],
            np.array(study.labels(heard.indices)),
            heard.logits[by],
        )
        for heard in (sides["valid"], sides["test"])
    )
    return judgement_of(valid, test, study.genres, config)


def _cost(
    precision: str, sides: Mapping[str, _Heard], before: HoldoutReport, after: HoldoutReport
) -> Cost:
    same = [
        probabilities_at([one], 1.0).argmax() == probabilities_at([other], 1.0).argmax()
        for heard in sides.values()
        for one, other in zip(heard.logits["fp32"], heard.logits["made"], strict=True)
    ]
    return Cost(
        precision,
        len(same),
        before.test["accuracy"],
        after.test["accuracy"],
        before.test["f1_macro"],
        after.test["f1_macro"],
        float(np.mean(same)),
        max(_gap(heard.logits["torch"], heard.logits["made"]) for heard in sides.values()),
    )


def told(found: Released) -> dict[str, Any]:
    """What the command says of what it wrote, line by line."""
    cost = found.cost
    lines = {
        "parity with torch": f"{found.parity:.1e} in probability on {cost.clips} clips",
        "size": f"{found.file.stat().st_size / 1e6:.2f} MB",
        "test accuracy": f"{cost.accuracy:.3f}",
        "test macro-F1": f"{cost.f1_macro:.3f}",
    }
    if cost.precision != "fp32":
        lines |= {
            "test accuracy": f"{cost.accuracy:.3f}, fp32 {cost.accuracy_fp32:.3f} "
            f"({cost.accuracy - cost.accuracy_fp32:+.3f})",
            "test macro-F1": f"{cost.f1_macro:.3f}, fp32 {cost.f1_macro_fp32:.3f} "
            f"({cost.f1_macro - cost.f1_macro_fp32:+.3f})",
            "same best genre": f"{cost.same_genre:.1%} of the clips",
            "largest difference": f"{cost.largest_gap:.3f} in the probability of a window",
        }
    return lines
