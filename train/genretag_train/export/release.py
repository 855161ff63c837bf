"""From a run's best checkpoint to a file to hand on, checked against torch on real clips."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from genretag.errors import Code, UsageError
from genretag.inference import session
from genretag_train.config import TrainConfig
from genretag_train.evaluation.bundle import check_bundle_name, write_bundle
from genretag_train.evaluation.card import render_measurements, render_precision
from genretag_train.evaluation.clips import find_data, rebuild_corpus, require_own_clips
from genretag_train.evaluation.holdout import HoldoutReport, report_holdout
from genretag_train.evaluation.models import parse_config, read_metrics
from genretag_train.export.cost import PrecisionCost, measure_cost
from genretag_train.export.parity import check_parity, score_by_file, score_by_torch, score_side
from genretag_train.export.precision import PRECISIONS
from genretag_train.features.corpus import Corpus, build_corpus, summarise
from genretag_train.features.extraction import FeatureSpec, make_feature_spec
from genretag_train.features.store import FeatureStore
from genretag_train.nets.onnx_export import export_onnx, write_manifest
from genretag_train.progress import Progress
from genretag_train.run_folder import BEST
from genretag_train.training.learner import Learner
from genretag_train.training.loop import load_checkpoint
from genretag_train.training.pipeline import HeldOutClips, make_manifest


@dataclass(frozen=True)
class ReleasedModel:
    """The file that was written, what its precision costs, and how near to torch the export came.

    `parity` is the largest difference in probability; `config` and `facts` are the run's settings
    and the part `data` of its metrics, `report` what the file is worth.
    """

    file: Path
    cost: PrecisionCost
    parity: float
    config: TrainConfig
    facts: Mapping[str, Any]
    report: HoldoutReport

    def bundle(self, folder: Path) -> Path:
        """Put the model, its card and its predictions into `folder`; return the model there."""
        measurements = render_measurements(self.report, self.facts, self.config)
        if self.cost.precision != "fp32":
            measurements += f"\n\n{render_precision(vars(self.cost))}"
        return write_bundle(self.file, measurements, self.report.predictions, folder)

    def describe(self) -> dict[str, str]:
        """Return what the command shows, by the name of each figure."""
        return {
            "parity with torch": f"{self.parity:.1e} in probability on {self.cost.clips} clips",
            "size": f"{self.file.stat().st_size / 1e6:.2f} MB",
            **self.cost.describe(),
        }


def release_model(
    run: Path,
    data: Path | None,
    precision: str,
    out: Path,
    progress: Progress,
    most_points: float,
    is_bundled: bool = False,
) -> ReleasedModel:
    """Export the best epoch of `run` to `out` in a precision of `PRECISIONS`.

    All clips of the valid and the test side are scored. The single-precision export must
    give torch's probabilities to `TOLERANCE`; the valid side then calibrates the file anew.
    `out` appears whole or not at all. `most_points` percentage points of accuracy or macro-F1 may
    be lost on these clips. `is_bundled` says that the file is to be bundled, by its name.

    Raises:
        UsageError: `run` has no checkpoint, it is not known what it was trained on, or its name
            cannot be bundled.
        RunError: `parity`; `accuracy-lost`; `bad-dataset`, the clips are not what it was trained
            on.
    """
    learner = load_learner(run)
    config, spec = learner.config, make_feature_spec(learner.config)
    if is_bundled:
        check_bundle_name(config.name)
    corpus = _load_corpus(run, data, learner, spec, progress)
    with TemporaryDirectory(dir=out.parent, prefix=".export-") as scratch:
        fp32, made = Path(scratch, "fp32.onnx"), Path(scratch, "made.onnx")
        export_onnx(learner.net, fp32, spec.n_frames, config.n_mels)
        PRECISIONS[precision](fp32, made)
        scorers = {
            "torch": score_by_torch(learner.net),
            "fp32": score_by_file(fp32),
            "made": score_by_file(made),
        }
        valid, test = (
            score_side(corpus, side, spec, scorers, progress) for side in ("valid", "test")
        )
        parity = check_parity((valid, test))
        before, after = (
            report_holdout(valid[name], test[name], corpus.genres, config)
            for name in ("fp32", "made")
        )
        cost = measure_cost(precision, (valid, test), before, after, most_points)
        # A run that was cut short has no metrics, and so no time.
        facts = read_metrics(run / BEST).get("data") or summarise(corpus, config)
        written = make_manifest(config, spec, facts, after)
        scores = {**written.scores, "precision": vars(cost) | {"parity": parity}}
        write_manifest(made, replace(written, scores=scores))
        session.load(made, "cpu")
        made.replace(out)
    return ReleasedModel(out, cost, parity, config, facts, after)


def load_learner(run: Path) -> Learner:
    """Load the net of the best epoch for inference; UsageError if the run has no checkpoint."""
    if not (run / BEST).is_file():
        raise UsageError(
            Code.BAD_OPTION, f"{run}: there is no {BEST} in it", "Give the --out of a training run."
        )
    content = load_checkpoint(run / BEST)
    settings = content["genretag"]
    learner = Learner(parse_config(settings["config"]), tuple(settings["genres"]), None)
    learner.load_state_dict(content["state_dict"])
    return learner.eval()


def _load_corpus(
    run: Path, data: Path | None, learner: Learner, spec: FeatureSpec, progress: Progress
) -> Corpus:
    facts = read_metrics(run / BEST).get("data", {})
    source = find_data(data, facts)
    if facts:
        corpus = rebuild_corpus(source, learner.config, facts)
    else:  # A run that was cut short has not written what it skipped.
        store = FeatureStore(run / "features", spec)
        corpus = build_corpus(source, store, learner.config, progress)
        held_out = load_checkpoint(run / BEST)["callbacks"].get(HeldOutClips.__qualname__)
        if held_out:
            HeldOutClips(corpus).load_state_dict(held_out)
    require_own_clips(
        corpus,
        str(run),
        learner.genres,
        facts.get("clips"),
        "Leave out --data, or give the data that the run was trained on.",
    )
    return corpus
