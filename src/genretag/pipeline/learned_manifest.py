"""Describes a learned head as a model."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from genretag import __version__
from genretag.domain.genre import GenreVocabulary
from genretag.domain.manifest import BaseModel, ModelManifest
from genretag.inference.session import Model
from genretag.learning.judgement import Judgement
from genretag.learning.library import LearnedGenres
from genretag.pipeline.learn import LearningSettings


def describe(
    found: LearnedGenres, name: str, base: Model, source: str, settings: LearningSettings
) -> ModelManifest:
    """Return the manifest of the learned head `name`, which needs `base`, called `source`.

    It holds numbers and names of genres, but no path of music and no name of an artist.
    """
    learned, judgement = found.learned, found.judgement
    return ModelManifest(
        name=name,
        version=datetime.now(UTC).date().isoformat(),
        licence="as its owner says",
        description=f"{len(judgement.genres)} genres of a library of its own.",
        genres=GenreVocabulary(found.tracks.genres, dict(found.tracks.parents)),
        front_end=base.manifest.front_end,
        window=base.manifest.window,
        temperature=learned.temperature,
        threshold=learned.threshold,
        training={
            "data": f"{judgement.tracks} tracks by {judgement.artists} artists, and "
            f"{judgement.others} of other genres.",
            "target_precision": judgement.target,
            "genretag": __version__,
            "recipe": asdict(settings.recipe),
            "min_tracks": settings.min_tracks,
            "min_artists": settings.min_artists,
            "left_out": [asdict(one) for one in found.choice.left_out],
        },
        scores={"groups": _summarise(judgement)},
        pooling=learned.pooling,
        averaging="logits",
        base=BaseModel(source, base.digest),
    )


def _summarise(judgement: Judgement) -> dict[str, Any]:
    """Return the part of a judgement that a manifest keeps, under the names of `train`."""
    return {
        "clips": judgement.tracks,
        "accuracy": judgement.accuracy.value,
        "accuracy_95": [judgement.accuracy.low, judgement.accuracy.high],
        "f1_macro": judgement.f1_macro.value,
        "f1_macro_95": [judgement.f1_macro.low, judgement.f1_macro.high],
        "ece": judgement.ece,
        "accepted": {"threshold": judgement.threshold, **asdict(judgement.by_track)},
        "by_unit": judgement.by_unit and asdict(judgement.by_unit),
        "genres": [asdict(one) for one in judgement.genres],
        "confusion": [list(row) for row in judgement.confusion],
    }
