"""From clips to features: whole clips to crop from in training, windows as `scan` hears them."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
from numpy.typing import NDArray

from genretag.audio.decode import read_excerpts
from genretag.audio.mel import SCALINGS, features, mel_power, scale_to_level
from genretag.domain.manifest import FrontEnd
from genretag.domain.window import COVERAGES, Excerpt, Waveform, WindowSpec
from genretag.errors import FileError, read_error
from genretag_train.data.dataset import Clip
from genretag_train.progress import Progress, map_threaded

POWER_FLOOR = 1e-10

LogPower = NDArray[np.float16]
"""[n_frames, n_mels]: log10 of a clip's mel power, which half precision holds to 0.04 dB."""

Windows = NDArray[np.float32]
"""[n_windows, n_frames, n_mels]: what the model sees of a clip; no windows if all are silent."""


@dataclass(frozen=True)
class FeatureSpec:
    """How clips are heard: the front end, the windows, and which clips are too short.

    Training listens to at most `clip_s` seconds from the middle of a file, and skips what
    is shorter than `min_s`.
    """

    front_end: FrontEnd
    window: WindowSpec
    clip_s: float
    min_s: float

    @property
    def n_samples(self) -> int:
        """Length of a window in samples."""
        return round(self.window.length_s * self.front_end.rate_hz)

    @property
    def n_frames(self) -> int:
        """Length of a window in frames."""
        return 1 + self.n_samples // self.front_end.hop


Degradation = Callable[[NDArray[np.float32], int], NDArray[np.float32]]


@dataclass(frozen=True)
class Skipped:
    """A clip that is not learned from; `reason` is an error code, `empty`, `short` or `silent`."""

    name: str
    reason: str


def heard(
    clips: Sequence[Clip], spec: FeatureSpec, cache: Path, progress: Progress
) -> tuple[list[tuple[Clip, Path]], list[Skipped]]:
    """Return the usable clips, each with the file of its `LogPower`; the others with the reason.

    These files are kept in `cache` and taken from there while the clip is unchanged.
    """
    cache.mkdir(parents=True, exist_ok=True)

    fit, skipped = [], []
    for clip, found in map_threaded(lambda clip: _cached(clip, spec, cache), clips, progress):
        if isinstance(found, str):
            skipped.append(Skipped(clip.name, found))
        else:
            fit.append((clip, found))
    return fit, skipped


def load_excerpt(path: Path, spec: FeatureSpec) -> Waveform | str:
    """What is heard of a clip to learn from, at most `ear.clip_s`; or the reason to skip it."""

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


def windows(clips: Sequence[Clip], spec: FeatureSpec, progress: Progress) -> list[Windows]:
    """What `scan --coverage balanced` hears of each clip."""
    return [
        found
        for _, found in map_threaded(lambda clip: extract_windows(clip.path, spec), clips, progress)
    ]


def extract_windows(
    path: Path, spec: FeatureSpec, degradation: Degradation = lambda samples, rate_hz: samples
) -> Windows:
    """What `scan --coverage balanced` hears of a file, silent windows left out.

    With `degradation`, of one whose sound [n_samples] at `rate_hz` was altered by it.
    """
    front_end = spec.front_end
    excerpts = read_excerpts(
        path, front_end.rate_hz, lambda s: COVERAGES["balanced"](s, spec.window)
    )
    found = [
        features(degradation(excerpt.fit(spec.n_samples), front_end.rate_hz), front_end)
        for excerpt in excerpts
        if not excerpt.is_silent
    ]
    shape = (0, spec.n_frames, front_end.n_mels)
    return np.stack(found) if found else np.zeros(shape, np.float32)


def crop_window(power: LogPower, start: int, spec: FeatureSpec) -> NDArray[np.float32]:
    """The window [n_frames, n_mels] from frame `start` on, scaled as inference scales it."""
    crop = power[start : start + spec.n_frames].astype(np.float32)
    return SCALINGS[spec.front_end.scaling](np.float32(10.0) ** crop)


def save_array(file: Path, array: NDArray[np.generic]) -> None:
    """Write `array` as NPY, whole or not at all, also when two runs share the folder."""
    with NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as out:
        np.save(out, array)
    Path(out.name).replace(file)


def _cached(clip: Clip, spec: FeatureSpec, cache: Path) -> Path | str:
    file = cache / f"{_key(clip.path, spec)}.npy"
    if file.exists():
        return file
    waveform = load_excerpt(clip.path, spec)
    if isinstance(waveform, str):
        return waveform
    save_array(file, _power(waveform, spec))
    return file


def _key(path: Path, spec: FeatureSpec) -> str:
    try:
        status = path.stat()
        state = [status.st_size, status.st_mtime_ns]
    except OSError:
        state = []
    heard_as = [asdict(spec.front_end), spec.n_samples, spec.clip_s]
    told = json.dumps([str(path.absolute()), state, heard_as])
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _power(waveform: Waveform, spec: FeatureSpec) -> LogPower:
    samples = waveform.fit(max(len(waveform.samples), spec.n_samples))
    if spec.front_end.rms_dbfs is not None:
        samples = scale_to_level(samples, spec.front_end.rms_dbfs)
    power = np.maximum(mel_power(samples, spec.front_end), POWER_FLOOR)
    return np.log10(power).astype(np.float16)
