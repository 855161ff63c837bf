"""A loaded model: scores windows, and tracks where a person learned its last layer."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Timer

import numpy as np
from numpy.typing import NDArray

from genretag.domain.calibration import Calibration, calibrate_scores
from genretag.domain.manifest import ModelManifest
from genretag.domain.prediction import (
    Embeddings,
    Prediction,
    ScoredGenre,
    Scores,
    rank_genres,
    sigmoid,
    softmax,
)
from genretag.errors import shorten
from genretag.inference.runtime import ort, ort_state
from genretag.inference.store import DIGEST_LENGTH

INPUT = "mel"
"""[batch, n_frames, n_mels] float32, from `genretag.audio.mel.features`."""
OUTPUT = "logits"
"""[batch, n_genres] float32, before the softmax."""
EMBEDDING = "embedding"
"""[batch, width] float32: the input of the last layer. Not every model has this output."""

LONGEST_RUN_S = 300.0
"""After which a graph is ended."""
_LONGEST_REASON = 300
BATCH = 16
"""Windows that are scored at once by default, at most."""
MOST_BATCH = 1024
"""Windows that a graph may want at once."""
# On a CPU more at once gain nothing: what a layer writes is no longer in its cache for the next. Of
# long windows, for which a transformer takes hundreds of megabytes, one at a time is best.
_CPU_BATCH = 2
_LONG_WINDOW = 2**17

ORT_ERRORS = (
    ort_state.EPFail,
    ort_state.Fail,
    ort_state.InvalidArgument,
    ort_state.InvalidGraph,
    ort_state.InvalidProtobuf,
    ort_state.NoModel,
    ort_state.NotImplemented,
    ort_state.RuntimeException,
)

# Errors of a device that has gone; older versions of ONNX Runtime lack the names.
_GONE: tuple[type[Exception], ...] = tuple(
    getattr(ort_state, name) for name in ("DeviceReset", "EngineError") if hasattr(ort_state, name)
)


class DeviceError(Exception):
    """A device fails to score: it has too little memory, or has gone."""


@dataclass(frozen=True, eq=False)
class Head:
    """A learned last layer, in place of the base model's.

    Attributes:
        weight: [n_genres + 1, width]; the last row is for music of none of the genres.
        bias: [n_genres + 1].
        base: the model whose embeddings it needs.
        base_file: that model's file.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    base: "Model"
    base_file: Path

    def score(self, embeddings: NDArray[np.floating], temperature: float) -> Scores:
        """Score embeddings [n, width]; [n, n_genres], rows sum to 1 or less."""
        logits = embeddings.astype(np.float64) @ self.weight.T.astype(np.float64) + self.bias
        return softmax(logits.astype(np.float32), temperature)[:, :-1]


@dataclass(frozen=True)
class Model:
    """A loaded model.

    Attributes:
        manifest: its settings; of a calibrated model with the threshold of that.
        digest: SHA-256 of its file, in hexadecimal.
        device: where it runs, a key of PROVIDERS.
        head: what a person learned on another model; None for a model by itself.
        calibration: of its scores for tracks, fitted on a person's library; None if there is none.

    `_open` returns its session, always the same one.
    """

    manifest: ModelManifest
    digest: str
    device: str
    _open: Callable[[], ort.InferenceSession]
    head: Head | None = None
    calibration: Calibration | None = None
    _uncalibrated: "Model | None" = None

    @property
    def identity(self) -> str:
        """NAME@SHA256-12: the name and the weights from which a score comes."""
        return f"{self.manifest.name}@{self.digest[:DIGEST_LENGTH]}"

    @property
    def base(self) -> "Model":
        """The model whose embeddings a learned head needs; a model by itself."""
        return self.head.base if self.head else self

    @property
    def raw(self) -> "Model":
        """The model whose scores the cache keeps: without a learned head or a calibration."""
        return self.base._uncalibrated or self.base

    def calibrate(self, calibration: Calibration) -> "Model":
        """Return the model with calibrated scores for tracks; a learned one on such a base."""
        if self.head:
            base = self.head.base.calibrate(calibration)
            return replace(self, head=replace(self.head, base=base))
        # What was measured on other scores holds no longer.
        manifest = replace(
            self.raw.manifest,
            is_calibrated=True,
            threshold=calibration.threshold,
            set_masses=(),
            pooling=None,
        )
        return replace(self.raw, manifest=manifest, calibration=calibration, _uncalibrated=self.raw)

    @property
    def embeds(self) -> bool:
        """Whether it has embeddings."""
        return EMBEDDING in [output.name for output in self.list_outputs()]

    @property
    def fixed_batch(self) -> int | None:
        """The number of windows that its graph takes at once; None if it takes any number."""
        size = self._open().get_inputs()[0].shape[0]
        return size if isinstance(size, int) else None

    def list_outputs(self) -> list[ort.NodeArg]:
        """List the outputs of its graph, with names, types and shapes."""
        found: list[ort.NodeArg] = self._open().get_outputs()
        return found

    def score(self, windows: NDArray[np.float32], batch: int = BATCH) -> Scores:
        """Score windows, one or more.

        Args:
            windows: [n_windows, n_frames, n_mels], from `genretag.audio.mel.features`.
            batch: how many windows are scored at once, at most.

        Returns:
            [n_windows, n_genres], in [0, 1], without a saved calibration; rows sum to 1, or to
            less where a part is for music of none of its genres; with the activation `sigmoid` to
            any number.

        Raises:
            DeviceError: the device fails.
        """
        if self.head:
            return self.predict_with_embeddings(windows, batch)[0]
        (logits,) = self.run([OUTPUT], windows, batch)
        return self._activate(logits)

    def rescore(self, prediction: Prediction) -> Prediction:
        """Return what a learned head or a calibration makes of the raw prediction for a track.

        Without either only the prediction says whether its scores are calibrated.
        """
        is_calibrated = self.manifest.is_calibrated
        if self.head:
            genres = self._score_by_head(prediction, self.head)
            return replace(
                prediction, genres=genres, model=self.identity, is_calibrated=is_calibrated
            )
        if self.calibration:
            raw = np.array([genre.score for genre in prediction.genres])
            names = (genre.name for genre in prediction.genres)
            genres = tuple(map(ScoredGenre, names, self.calibrate_scores(raw).tolist()))
            return replace(prediction, genres=genres, is_calibrated=True)
        if prediction.is_calibrated == is_calibrated:
            return prediction
        return replace(prediction, is_calibrated=is_calibrated)

    def _score_by_head(self, prediction: Prediction, head: Head) -> tuple[ScoredGenre, ...]:
        if not prediction.windows:
            return ()
        (scores,) = head.score(prediction.embedding[None], self.manifest.temperature)
        return rank_genres(self.manifest.genres.names, scores.astype(np.float64))

    def calibrate_scores(self, scores: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return raw scores [..., n_genres] as the calibration has them; without, as they are."""
        if self.calibration is None:
            return scores.astype(np.float64)
        scale, bias = self.calibration.scale, self.calibration.bias
        return calibrate_scores(scores, self.manifest.activation, scale, bias)

    def predict_with_embeddings(
        self, windows: NDArray[np.float32], batch: int = BATCH
    ) -> tuple[Scores, Embeddings]:
        """Score windows as `score`, and return their embeddings [n_windows, width] as well.

        The width is 0 if the model has none.
        """
        if not self.embeds:
            return self.score(windows, batch), np.zeros((len(windows), 0), np.float32)
        if self.head:
            (embeddings,) = self.run([EMBEDDING], windows, batch)
            return self.head.score(embeddings, self.manifest.temperature), embeddings
        logits, embeddings = self.run([OUTPUT, EMBEDDING], windows, batch)
        return self._activate(logits), embeddings

    def _activate(self, logits: NDArray[np.float32]) -> Scores:
        activation = sigmoid if self.manifest.activation == "sigmoid" else softmax
        return activation(logits, self.manifest.temperature)

    def run(
        self, outputs: list[str], windows: NDArray[np.float32], batch: int
    ) -> list[NDArray[np.float32]]:
        """Return outputs of the graph, such as OUTPUT, for one or more windows; as `score`."""
        fixed = self.fixed_batch
        if fixed:
            batch = fixed
        elif self.device == "cpu":
            batch = 1 if windows[0].size > _LONG_WINDOW else min(batch, _CPU_BATCH)
        try:
            parts = [
                self._run_once(outputs, windows[first : first + batch], fixed)
                for first in range(0, len(windows), batch)
            ]
        except (*ORT_ERRORS, *_GONE) as error:
            raise DeviceError(first_line(error)) from error
        if not all(np.isfinite(output).all() for part in parts for output in part):
            raise DeviceError("it gives numbers that are not finite")
        return [
            np.concatenate(part) if len(part) > 1 else part[0] for part in zip(*parts, strict=True)
        ]

    def _run_once(
        self, outputs: list[str], windows: NDArray[np.float32], fixed: int | None
    ) -> list[NDArray[np.float32]]:
        """Run the graph; windows are filled up with silence to a fixed batch."""
        n_windows = len(windows)
        missing = fixed - n_windows if fixed else 0
        if missing:
            windows = np.pad(windows, ((0, missing), (0, 0), (0, 0)))
        options = ort.RunOptions()
        # A graph may loop without end, and no signal is handled meanwhile.
        timer = Timer(LONGEST_RUN_S, setattr, (options, "terminate", True))
        timer.daemon = True
        timer.start()
        try:
            found: list[NDArray[np.float32]] = self._open().run(outputs, {INPUT: windows}, options)
        finally:
            timer.cancel()
        return [output[:n_windows] for output in found] if missing else found


def first_line(error: Exception) -> str:
    """Return the first line of what an error says, or else its type."""
    return shorten(str(error), _LONGEST_REASON) or type(error).__name__
