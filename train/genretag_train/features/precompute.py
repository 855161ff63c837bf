"""What a model hears of each clip, computed in worker processes and kept in one HDF5 file."""

import json
import signal
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pebble import ProcessExpired, ProcessFuture, ProcessPool

from genretag import __version__
from genretag.audio.mel import features, mel_power
from genretag.domain.manifest import FrontEnd
from genretag.domain.window import WindowSpec
from genretag.errors import Code, UsageError
from genretag_train.data.dataset import Clip, read_clips
from genretag_train.features.extraction import FeatureSpec, load_excerpt
from genretag_train.features.hdf5_store import HEARD, opened
from genretag_train.progress import Progress

STUDY = FrontEnd(rate_hz=22050, n_fft=2048, hop=512, n_mels=128, scaling="db-minmax")
"""How the study heard its clips, 30 s of each: 1,292 frames of 128 mels."""

N_MFCC = 20
TIMEOUT_S = 120.0
# Enough to keep the workers busy behind a slow clip, and few enough to bound memory.
_AHEAD = 4


def mel(samples: NDArray[np.float32], front_end: FrontEnd) -> NDArray[np.float32]:
    """[n_frames, n_mels] in [0, 1]: decibels below the clip's maximum, stretched."""
    return features(samples, front_end)


def mfcc(samples: NDArray[np.float32], front_end: FrontEnd) -> NDArray[np.float32]:
    """[n_frames, 20] cepstra of the same mel power, as `librosa.feature.mfcc` makes them."""
    import librosa

    level_db = librosa.power_to_db(mel_power(samples, front_end).T)
    cepstra: NDArray[np.float32] = librosa.feature.mfcc(S=level_db, n_mfcc=N_MFCC).T
    return cepstra


@dataclass(frozen=True)
class Kind:
    """A kind of features: how it is computed, of how many bands, and as what it can be kept."""

    compute: Callable[[NDArray[np.float32], FrontEnd], NDArray[np.float32]]
    n_bands: int
    dtypes: tuple[str, ...]


KINDS: Mapping[str, Kind] = {
    "mel": Kind(mel, STUDY.n_mels, ("float16", "uint8")),
    "mfcc": Kind(mfcc, N_MFCC, ("float16",)),
}

STORED: Mapping[str, Callable[[NDArray[np.float32]], NDArray[Any]]] = {
    "float16": lambda values: values.astype(np.float16),
    "uint8": lambda values: np.rint(values * 255.0).astype(np.uint8),
}
"""How features are kept; uint8 holds [0, 1] in steps of 1/255."""


@dataclass(frozen=True)
class Recipe:
    """What is heard of a clip, and how it is kept."""

    kind: str = "mel"
    dtype: str = "float16"
    clip_s: float = 30.0
    min_s: float = 1.0

    def __post_init__(self) -> None:
        known = KINDS[self.kind].dtypes
        if self.dtype not in known:
            raise UsageError(
                Code.BAD_OPTION,
                f"{self.kind} cannot be kept as {self.dtype}",
                f"Choose {' or '.join(known)}.",
            )

    @property
    def spec(self) -> FeatureSpec:
        """Hears the middle of a clip; one that is shorter is repeated from its start."""
        return FeatureSpec(STUDY, WindowSpec(self.clip_s), self.clip_s, self.min_s)


@dataclass(frozen=True)
class Summary:
    """How many clips have features in the file, and why the others have none, by name."""

    heard: int
    skipped: dict[str, str]


def extract(data: Path, out: Path, recipe: Recipe, jobs: int, progress: Progress) -> Summary:
    """Compute the features of all clips of `data` that the file `out` lacks.

    Memory does not grow with the number of clips, apart from their names. After a kill, the
    next call goes on; clips that were skipped are tried again.

    Raises:
        UsageError: there is no such data, or `out` holds something else.
        RunError: `bad-dataset`, `disk-full`, `output-failed`.
    """
    clips = sorted(read_clips(data), key=lambda clip: clip.name)
    shape = (recipe.spec.n_frames, KINDS[recipe.kind].n_bands)
    with opened(out, clips, shape, recipe.dtype, _provenance(data, recipe)) as file:
        rows = np.flatnonzero(file.states != HEARD).tolist()
        done = len(clips) - len(rows)
        progress(done, len(clips))
        for row, found in _computed(rows, clips, recipe, jobs):
            if isinstance(found, str):
                file.skip(row, found)
            else:
                file.keep(row, *found)
            done += 1
            progress(done, len(clips))
        return Summary(int(np.count_nonzero(file.states == HEARD)), file.skipped())


def _provenance(data: Path, recipe: Recipe) -> dict[str, str]:
    return {
        **{key: str(value) for key, value in asdict(recipe).items()},
        "front_end": json.dumps(asdict(STUDY)),
        "axes": "clip, frame, band",
        "genretag": __version__,
        "data": str(data),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


Found = tuple[NDArray[Any], float] | str
"""Features and length in seconds of a clip, or why it has none."""


def _computed(
    rows: Sequence[int], clips: Sequence[Clip], recipe: Recipe, jobs: int
) -> Iterator[tuple[int, Found]]:
    pool = ProcessPool(
        max_workers=jobs,
        initializer=signal.signal,
        # Ctrl-C reaches the whole process group; the parent alone decides what it means.
        initargs=(signal.SIGINT, signal.SIG_IGN),
        context=get_context("spawn"),
    )
    pending: deque[tuple[int, ProcessFuture[Found]]] = deque()
    try:
        for row in rows:
            task = pool.schedule(computed, (clips[row].path, recipe), timeout=TIMEOUT_S)
            pending.append((row, task))
            if len(pending) >= _AHEAD * jobs:
                yield _result(*pending.popleft())
        while pending:
            yield _result(*pending.popleft())
    finally:
        pool.stop()
        pool.join()


def computed(path: Path, recipe: Recipe) -> Found:
    """Features of one clip as they are kept, and its length in seconds; or why it has none."""
    spec = recipe.spec
    heard = load_excerpt(path, spec)
    if isinstance(heard, str):
        return heard
    values = KINDS[recipe.kind].compute(heard.fit(spec.n_samples), spec.front_end)
    return STORED[recipe.dtype](values), len(heard.samples) / heard.rate_hz


def _result(row: int, task: "ProcessFuture[Found]") -> tuple[int, Found]:
    try:
        return row, task.result()
    except TimeoutError:
        return row, str(Code.TIMED_OUT)
    except ProcessExpired:
        return row, str(Code.WORKER_DIED)
    except Exception:  # noqa: BLE001 - one clip never stops a run, whatever it does
        return row, str(Code.INTERNAL)
