"""Models to evaluate, with the settings and the metrics of their run."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from genretag.domain.genre import fold_name
from genretag.domain.manifest import ModelManifest
from genretag.errors import Code, UsageError
from genretag.inference import session, store
from genretag.library import paths
from genretag_train.config import TrainConfig
from genretag_train.features.extraction import FeatureSpec
from genretag_train.run_folder import METRICS, MODEL, read_json


@dataclass(frozen=True, eq=False)
class EvaluatedModel:
    """A model and what is known of the run that made it.

    `config` holds the run's settings, None for a model that does not carry them; `facts`
    is the part `data` of the run's `metrics.json`, empty for a model file alone.
    """

    name: str
    file: Path
    session: session.Model
    config: TrainConfig | None
    facts: Mapping[str, Any]

    @property
    def manifest(self) -> ModelManifest:
        """The manifest of the file."""
        return self.session.manifest

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres in the order of the model's outputs."""
        return self.manifest.genres.names

    @property
    def spec(self) -> FeatureSpec:
        """The features that `scan` extracts for the model."""
        manifest = self.manifest
        return FeatureSpec(manifest.front_end, manifest.window, clip_s=float("inf"), min_s=0.0)

    @property
    def labels(self) -> dict[str, int]:
        """Each genre's index by its folded name, under which any spelling is found."""
        return {fold_name(genre): index for index, genre in enumerate(self.genres)}


def load_model(target: str) -> EvaluatedModel:
    """Load the run in a folder, or the model NAME, FILE or hf:OWNER/REPO[@REVISION].

    Raises:
        UsageError: there is no such run or model.
        RunError: `model-invalid`, `model-unreachable`.
    """
    folder = Path(target)
    if folder.is_dir() and not (folder / MODEL).is_file():
        raise UsageError(
            Code.UNKNOWN_MODEL,
            f"{folder}: there is no {MODEL} in it",
            "Let the run end, or make the model with `genretag train export`.",
        )
    file = (
        folder / MODEL
        if folder.is_dir()
        else store.locate(target, paths.cache_dir(), paths.data_dir())
    )
    model = session.load(file)
    settings = model.manifest.training.get("settings")
    metrics = read_metrics(file) if file.name == MODEL else {}
    return EvaluatedModel(
        folder.resolve().name if folder.is_dir() else model.manifest.name,
        file,
        model,
        parse_config(settings) if settings else None,
        metrics.get("data", {}),
    )


def read_metrics(model: Path) -> dict[str, Any]:
    """Read the `metrics.json` beside a model; empty if there is none."""
    return read_json(model.parent / METRICS)


def parse_config(settings: Mapping[str, Any]) -> TrainConfig:
    """Make settings of what a checkpoint or a manifest holds, without those of other versions."""
    known = {entry.name for entry in fields(TrainConfig)}
    return TrainConfig(**{name: value for name, value in settings.items() if name in known})
