"""What backbones find in labelled clips, kept on disk, as it takes most of a run's time."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from genretag.audio.mel import features
from genretag.errors import FileError
from genretag_train.data.dataset import Clip
from genretag_train.features.extraction import (
    FeatureSpec,
    Skipped,
    Windows,
    extract_windows,
)
from genretag_train.features.store import save_array
from genretag_train.nets.onnx_export import export_onnx, open_session, run_session
from genretag_train.nets.pretrained.backbones import Backbones
from genretag_train.progress import Progress, map_threaded
from genretag_train.transfer.degradations import DEGRADATIONS

Found = NDArray[np.float32]
"""[n_windows, width]: what the backbones found in the windows that `scan` hears of a clip."""


@dataclass(frozen=True, eq=False)
class Embedded:
    """A clip, what the backbones found in it, and what in altered copies of it."""

    clip: Clip
    found: Found
    worn: Found | None = None


def embedded(
    clips: Sequence[Clip],
    backbones: Backbones,
    spec: FeatureSpec,
    cache: Path,
    progress: Progress,
    degradation: Sequence[str] = (),
) -> tuple[list[Embedded], list[Skipped]]:
    """The clips that can be heard with what was found in them; the others with the reason.

    With `degradation`, keys of WEAR, what is found in copies altered in these ways too. What was
    found is kept in `cache` and taken from there while clip and backbones are the same.
    """
    cache.mkdir(parents=True, exist_ok=True)
    kept, skipped = [], []
    with _finder(backbones, spec) as (identity, find):

        def found(clip: Clip) -> list[Found] | str:
            kept = [_cached(clip, spec, identity, cache, find, way) for way in ("", *degradation)]
            reason = next((found for found in kept if isinstance(found, str)), None)
            return reason or [found for found in kept if not isinstance(found, str)]

        for clip, result in map_threaded(found, clips, progress):
            if isinstance(result, str):
                skipped.append(Skipped(clip.name, result))
            else:
                worn = np.concatenate(result[1:]) if degradation else None
                kept.append(Embedded(clip, result[0], worn))
    return kept, skipped


def embedded_sounds(
    sounds: Iterable[NDArray[np.float32]], backbones: Backbones, spec: FeatureSpec
) -> Found:
    """What the backbones find in sounds [n_samples] of one window each."""
    with _finder(backbones, spec) as (_, find):
        return np.concatenate([find(features(sound, spec.front_end)[None]) for sound in sounds])


@contextmanager
def _finder(
    backbones: Backbones, spec: FeatureSpec
) -> Iterator[tuple[str, Callable[[Windows], Found]]]:
    """The backbones as ONNX Runtime runs them, which takes half the time, and their digest."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "backbones.onnx")
        export_onnx(backbones, file, spec.n_frames, spec.front_end.n_mels, any_length=False)
        session = open_session(file)
        yield hashlib.sha256(file.read_bytes()).hexdigest(), lambda mel: run_session(session, mel)


def _cached(
    clip: Clip,
    spec: FeatureSpec,
    identity: str,
    cache: Path,
    find: Callable[[Windows], Found],
    way: str,
) -> Found | str:
    try:
        status = clip.path.stat()
        told = [
            str(clip.path.absolute()),
            status.st_size,
            status.st_mtime_ns,
            identity,
            asdict(spec),
            way,
        ]
        key = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]
        file = cache / f"{key}.npy"
        if file.exists():
            kept: Found = np.load(file)
            return kept
        windows = (
            extract_windows(clip.path, spec, DEGRADATIONS[way])
            if way
            else extract_windows(clip.path, spec)
        )
    except FileError as error:
        return str(error.code)
    except OSError:
        return "unreadable"
    if not len(windows):
        return "silent"
    result = find(windows)
    save_array(file, result)
    return result
