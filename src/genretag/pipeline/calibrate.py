"""Calibrates the scores of a model on the files of a library that have a genre."""

from collections.abc import Iterable, Iterator

import numpy as np

from genretag.domain.analysis import Analysis
from genretag.domain.calibration import Calibration
from genretag.domain.grouping import artist_key, folder_key
from genretag.domain.placeholder import drop_placeholders
from genretag.errors import Code, RunError
from genretag.inference.session import Model
from genretag.learning.recalibration import JudgedTracks, recalibrate
from genretag.pipeline.evaluate import EvaluationSettings
from genretag.pipeline.survey import find_given


def can_calibrate(model: Model) -> bool:
    """Tell whether scores of a model are for a person to calibrate, or were so calibrated."""
    return not (model.head or model.raw.manifest.is_calibrated)


class CalibrationFiles:
    """Collects files with a genre that a person gave, and what a model says before a calibration.

    Args:
        question: says which genres of the model are right for a file.
    """

    def __init__(self, question: EvaluationSettings) -> None:
        self._question = question
        self._scores: list[np.ndarray] = []
        self._is_right: list[list[bool]] = []
        self._artists: list[str] = []

    def watch(self, analyses: Iterable[Analysis]) -> Iterator[Analysis]:
        """Yield the same analyses; keep those that can be compared."""
        for analysis in analyses:
            self._add(analysis)
            yield analysis

    def _add(self, analysis: Analysis) -> None:
        track, raw = analysis.track, analysis.raw_prediction or analysis.prediction
        if not (track and raw and raw.genres):
            return
        question, classes = self._question, self._question.classes
        has = drop_placeholders(track.genres, question.placeholders)
        true = classes.indices_of(find_given(track.path, has, question.written))
        found = [classes.index_of(genre.name) for genre in raw.genres]
        # What a map drops is neither right nor wrong.
        if true and found[0] is not None:
            self._scores.append(np.array([genre.score for genre in raw.genres], np.float32))
            self._is_right.append([one in true for one in found])
            self._artists.append(artist_key(track) or str(folder_key(track.path)))

    def calibrate(self, model: Model, precision: float) -> Calibration:
        """Fit a calibration for `model`, and a threshold from which so many genres are right.

        Args:
            model: whose scores were collected.
            precision: in [0, 1].

        Raises:
            RunError: `no-threshold`, the files are too few, or no threshold is as precise.
        """
        lack = f"no file has a genre that {model.manifest.name} knows"
        if self._scores:
            tracks = JudgedTracks(np.stack(self._scores), np.array(self._is_right), self._artists)
            lack = tracks.lack or ""
        if lack:
            raise _not_calibrated(lack)
        found = recalibrate(tracks, model.manifest.activation, precision)
        if not found.is_as_precise_as(precision):
            raise _not_calibrated(
                f"at no threshold are {precision:.0%} of enough files right, each judged without "
                "the other files of its artist"
            )
        try:
            return Calibration(
                model.raw.digest,
                found.scale,
                found.bias,
                found.threshold,
                precision,
                len(self._artists),
                len(set(self._artists)),
            )
        except ValueError as error:
            raise _not_calibrated(f"higher scores are not more often right ({error})") from error


def _not_calibrated(why: str) -> RunError:
    return RunError(
        Code.NO_THRESHOLD,
        f"No calibration was saved: {why}",
        "Name more folders with files that have a genre, or try a lower --target-precision or a "
        "--map that makes more names known.",
    )
