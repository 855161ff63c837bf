"""Features of one clip: its mel power to crop from in training, and windows as in `scan`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from genretag.audio.decode import read_excerpts
from genretag.audio.mel import features, mel_power, scale, scale_to_level
from genretag.domain.front_end import FrontEnd, Scaling
from genretag.domain.window import COVERAGES, Excerpt, Waveform, WindowSpec
from genretag.errors import Code, FileError, UsageError, read_error
from genretag_train.config import TrainConfig

POWER_FLOOR = 1e-10

LogPower = NDArray[np.float16]
"""[n_frames, n_mels]: log10 of a clip's mel power, which half precision holds to 0.04 dB."""

Windows = NDArray[np.float32]
"""[n_windows, n_frames, n_mels]: the model's input for a clip; empty if all windows are silent."""

Degradation = Callable[[NDArray[np.float32], int], NDArray[np.float32]]
"""From samples [n_samples] and their rate in Hz to samples that sound worse."""


@dataclass(frozen=True)
class FeatureSpec:
    """Settings of features: the front end, the windows, and the shortest clip.

    Training uses at most `clip_s` seconds from the middle of a file, and skips what is shorter
    than `min_s`.
    """

    front_end: FrontEnd
    window: WindowSpec
    clip_s: float
    min_s: float

    @property
    def n_samples(self) -> int:
        """Length of a window in samples."""
        return self.window.count_samples(self.front_end.rate_hz)

    @property
    def n_frames(self) -> int:
        """Length of a window in frames."""
        return self.front_end.count_frames(self.n_samples)


@dataclass(frozen=True)
class Skipped:
    """A clip that cannot be used; `reason` is an error code, `empty`, `short` or `silent`."""

    name: str
    reason: str


def make_feature_spec(config: TrainConfig) -> FeatureSpec:
    """Return the features of a run; UsageError if no front end can have its numbers."""
    scaling = cast(Scaling, config.scaling)  # FrontEnd refuses any other
    try:
        front_end = FrontEnd(config.rate_hz, config.n_fft, config.hop, config.n_mels, scaling)
        window = WindowSpec(config.window_s, config.windows)
    except ValueError as error:
        raise UsageError(
            Code.BAD_OPTION, f"The front end cannot be: {error}", "See --help."
        ) from error
    return FeatureSpec(front_end, window, config.clip_s, config.min_s)


def load_excerpt(path: Path, spec: FeatureSpec) -> Waveform | str:
    """Decode the middle of a clip, at most `spec.clip_s`; or return the reason to skip it."""

    def middle(duration_s: float) -> list[Excerpt]:
        length_s = min(duration_s, spec.clip_s)
        return [Excerpt((duration_s - length_s) / 2, length_s)]

    try:
        if path.is_file() and not path.stat().st_size:
            return "empty"
        waveform = next(read_excerpts(path, spec.front_end.rate_hz, middle))
    except OSError as error:
        return str(read_error(path, error).code)
    except FileError as error:
        return str(error.code)
    if len(waveform.samples) < spec.min_s * waveform.rate_hz:
        return "short"
    return "silent" if waveform.is_silent else waveform


def compute_power(path: Path, spec: FeatureSpec) -> LogPower | str:
    """Return the mel power of a clip's middle, at least a window; or the reason to skip it."""
    waveform = load_excerpt(path, spec)
    if isinstance(waveform, str):
        return waveform
    samples = waveform.fit(max(len(waveform.samples), spec.n_samples))
    if spec.front_end.rms_dbfs is not None:
        samples = scale_to_level(samples, spec.front_end.rms_dbfs)
    power = np.maximum(mel_power(samples, spec.front_end), POWER_FLOOR)
    return np.log10(power).astype(np.float16)


def crop_window(power: LogPower, start: int, spec: FeatureSpec) -> NDArray[np.float32]:
    """Return the window [n_frames, n_mels] from frame `start` on, scaled as inference does."""
    crop = power[start : start + spec.n_frames].astype(np.float32)
    return scale(np.float32(10.0) ** crop, spec.front_end)


def extract_windows(
    path: Path, spec: FeatureSpec, degradation: Degradation = lambda samples, rate_hz: samples
) -> Windows:
    """Return the windows of a file as `scan --coverage balanced` has them, without silent ones.

    With `degradation`, of a file whose windows were altered by it.

    Raises:
        FileError: the file cannot be decoded.
    """
    front_end = spec.front_end
    excerpts = read_excerpts(
        path, front_end.rate_hz, lambda s: COVERAGES["balanced"](s, spec.window)
    )
    mels = [
        features(degradation(excerpt.fit(spec.n_samples), front_end.rate_hz), front_end)
        for excerpt in excerpts
        if not excerpt.is_silent
    ]
    shape = (0, spec.n_frames, front_end.n_mels)
    return np.stack(mels) if mels else np.zeros(shape, np.float32)
