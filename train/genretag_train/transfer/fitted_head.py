"""A fitted head: its model, its scores, and what is written of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from genretag.domain.genre import GenreVocabulary
from genretag.domain.manifest import ModelManifest
from genretag.domain.pooling import Pooling
from genretag.learning.threshold import list_families
from genretag_train.data.dataset import Clip
from genretag_train.evaluation.holdout import ClipPrediction
from genretag_train.features.extraction import Skipped
from genretag_train.transfer.cross_validation import CrossValidation
from genretag_train.transfer.head_config import HeadConfig


@dataclass(frozen=True, eq=False)
class FittedHead:
    """The model of a run, the clips it was fitted to, and how good it is.

    `few` are genres with too few clips, and their number; `weak` those with too low an F1, and
    the F1. `validations` has a cross-validation for each row of FOLDS, `baselines` what
    `compare_with_baselines` gives. `pooling` and what it is worth, `units`, are None for a recipe
    without units.
    """

    config: HeadConfig
    file: Path
    genres: tuple[str, ...]
    clips: tuple[Clip, ...]
    skipped: tuple[Skipped, ...]
    few: Mapping[str, int]
    weak: Mapping[str, float]
    validations: Mapping[str, CrossValidation]
    baselines: Mapping[str, Mapping[str, Any]]
    pooling: Pooling | None
    units: Mapping[str, Any] | None

    @property
    def parents(self) -> dict[str, str]:
        """The parents of its genres."""
        parents = self.config.parents
        return {genre: parents[genre] for genre in self.genres if genre in parents}

    @property
    def aliases(self) -> dict[str, str]:
        """The aliases that mean one of its genres."""
        aliases = self.config.aliases
        return {alias: genre for alias, genre in aliases.items() if genre in self.genres}

    def predictions(self) -> list[ClipPrediction]:
        """Return the out-of-fold predictions of all clips, also of those of other genres."""
        groups = self.validations["groups"]
        families = list_families(self.genres, self.config.parents)
        sums = groups.probabilities @ groups.by_fold.scored.families.T
        return [
            ClipPrediction(
                clip.name,
                clip.group,
                clip.genre,
                self.genres[row.argmax()],
                float(row.max()),
                families[of_families.argmax()].name,
                float(of_families.max()),
            )
            for clip, row, of_families in zip(groups.clips, groups.probabilities, sums, strict=True)
        ]

    def to_manifest(self) -> ModelManifest:
        """Return the manifest of the exported file."""
        config, groups = self.config, self.validations["groups"]
        return ModelManifest(
            name=config.name,
            version=config.version,
            licence=config.licence,
            description=config.description,
            genres=GenreVocabulary(self.genres, self.parents, self.aliases),
            front_end=config.spec.front_end,
            window=config.spec.window,
            temperature=groups.temperature,
            threshold=groups.threshold,
            averaging=config.averaging,
            training={"data": config.trained_on, "clips": len(self.clips), "head": asdict(config)},
            scores={name: validation.summary for name, validation in self.validations.items()},
            set_masses=groups.set_masses,
            pooling=self.pooling,
        )

    def to_json(self) -> dict[str, Any]:
        """Return counts and scores for `metrics.json`."""
        groups = self.validations["groups"]
        return {
            "clips": len(self.clips),
            "genres": list(self.genres),
            "few": dict(self.few),
            "weak": dict(self.weak),
            "skipped_files": {clip.name: clip.reason for clip in self.skipped},
            "calibration": {"temperature": groups.temperature, "threshold": groups.threshold},
            "outside": {name: validation.report for name, validation in self.validations.items()},
            "rivals": dict(self.baselines),
            "units": self.units,
        }
