"""The analysis of one file on its way through the pipeline."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genretag.domain.outcome import Failed, Outcome, Unchanged
from genretag.domain.prediction import Prediction
from genretag.domain.track import Track
from genretag.errors import Code, FileError


@dataclass(frozen=True, eq=False, slots=True)
class Analysis:
    """One file, and what the stages have found out about it so far.

    Attributes:
        path: as the file was found.
        track: what its tags say; None until they are read.
        prediction: what the model says; None until it is scored, and where it need not be.
        outcome: set once the file is decided: left out, failed, or by a policy.
        windows: [n_windows, n_frames, n_mels] that are extracted and not scored yet.
        duration_s: how long the file plays, with `windows`.
        state: of the file on disk before it was read, where the cache has something to learn.
        fingerprint: of its sound; None where that is not known.
        base_prediction: what the model says that a learned one needs; None for other models.
        raw_prediction: `prediction` without a learned head or a calibration; None where it has
            neither.
    """

    path: Path
    track: Track | None = None
    prediction: Prediction | None = None
    outcome: Outcome | None = None
    windows: NDArray[np.float32] | None = None
    duration_s: float = 0.0
    state: str | None = None
    fingerprint: bytes | None = None
    base_prediction: Prediction | None = None
    raw_prediction: Prediction | None = None

    @classmethod
    def failed(cls, path: Path, error: FileError) -> "Analysis":
        """Return the analysis of a file that cannot be handled."""
        return cls(path, outcome=Failed(path=path, error=error))

    @classmethod
    def failed_as(cls, path: Path, code: Code, what: str, hint: str) -> "Analysis":
        """Return the analysis of a file with the error that `what` says of it."""
        return cls.failed(path, FileError(code, f"{path}: {what}", hint))

    def as_outcome(self) -> Outcome:
        """Return the outcome, for a file that nobody has decided: nothing is to be written."""
        if self.outcome is not None:
            return self.outcome
        genres = self.track.genres if self.track else ()
        return Unchanged(path=self.path, before=genres, after=genres, prediction=self.prediction)
