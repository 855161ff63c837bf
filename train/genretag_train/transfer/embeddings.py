"""Embeddings of labelled clips by frozen backbones, cached on disk: they take most of a run."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from genretag.audio.mel import features
from genretag.domain.embedding_statistics import EmbeddingStatistics, measure_embeddings
from genretag.domain.prediction import Embeddings
from genretag.errors import FileError
from genretag_train.data.dataset import Clip
from genretag_train.features.extraction import FeatureSpec, Skipped, Windows, extract_windows
from genretag_train.features.store import make_key, save_array
from genretag_train.nets.onnx_export import export_onnx, open_session, run_session
from genretag_train.nets.pretrained.backbones import Backbones
from genretag_train.nets.pretrained.pruning import prune
from genretag_train.nets.pretrained.weights import Name, load_pretrained
from genretag_train.progress import Progress, map_threaded
from genretag_train.transfer.degradations import DEGRADATIONS

_MIN_CLIPS = 20


@dataclass(frozen=True, eq=False)
class EmbeddedClip:
    """A clip with the embeddings of its windows, and of those of each degraded copy."""

    clip: Clip
    embeddings: Embeddings
    degraded: tuple[Embeddings, ...] = ()


@dataclass(frozen=True, eq=False)
class _Embedder:
    """Backbones as ONNX Runtime runs them, which takes half the time, and their digest."""

    spec: FeatureSpec
    digest: str
    embed: Callable[[Windows], Embeddings]


def load_backbones(
    names: Sequence[Name], cache: Path, wheel: Path | None = None, pooled_layers: bool = False
) -> Backbones:
    """Load published taggers, without their filters that never respond, to put a head on.

    `wheel` is the package with their weights; else it is kept in `cache`, fetched if need be.
    `pooled_layers` as Backbones has it.

    Raises:
        RunError: `data-unreachable`, `wrong-digest`.
    """
    taggers = [prune(load_pretrained(name, cache / "musicnn", wheel)) for name in names]
    return Backbones(taggers, pooled_layers).eval()


def embed_clips(
    clips: Sequence[Clip],
    backbones: Backbones,
    spec: FeatureSpec,
    cache: Path,
    progress: Progress,
    degradations: Sequence[str] = (),
) -> tuple[list[EmbeddedClip], list[Skipped]]:
    """Embed the windows that `scan` would score of each clip; clips without any are skipped.

    With `degradations`, keys of DEGRADATIONS, copies altered in these ways are embedded too.
    Embeddings are taken from `cache` while clip and backbones are unchanged.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with _open_embedder(backbones, spec) as embedder:

        def embed(clip: Clip) -> EmbeddedClip | Skipped:
            try:
                plain, *copies = [
                    _embed_cached(clip.path, embedder, cache, way) for way in ("", *degradations)
                ]
            except FileError as error:
                return Skipped(clip.name, str(error.code))
            if not all(map(len, (plain, *copies))):
                return Skipped(clip.name, "silent")
            return EmbeddedClip(clip, plain, tuple(copies))

        results = [result for _, result in map_threaded(embed, clips, progress)]
    return (
        [result for result in results if isinstance(result, EmbeddedClip)],
        [result for result in results if isinstance(result, Skipped)],
    )


def embed_sounds(
    sounds: Iterable[NDArray[np.float32]], backbones: Backbones, spec: FeatureSpec
) -> Embeddings:
    """Embed sounds [n_samples] of one window each as [n_sounds, width]."""
    with _open_embedder(backbones, spec) as embedder:
        mels = (features(sound, spec.front_end)[None] for sound in sounds)
        return np.concatenate([embedder.embed(mel) for mel in mels])


def measure_clips(clips: Sequence[EmbeddedClip]) -> EmbeddingStatistics | None:
    """Measure the means of the clips' windows by genre, without rare ones; None if all are rare."""
    counts = Counter(one.clip.genre for one in clips)
    kept = [one for one in clips if counts[one.clip.genre] >= _MIN_CLIPS]
    if not kept:
        return None
    means = np.stack([one.embeddings.mean(axis=0, dtype=np.float64) for one in kept])
    return measure_embeddings(means, [one.clip.genre for one in kept])


@contextmanager
def _open_embedder(backbones: Backbones, spec: FeatureSpec) -> Iterator[_Embedder]:
    with TemporaryDirectory() as folder:
        file = Path(folder, "backbones.onnx")
        export_onnx(backbones, file, spec.n_frames, spec.front_end.n_mels, any_length=False)
        session, digest = open_session(file), hashlib.sha256(file.read_bytes()).hexdigest()
        yield _Embedder(spec, digest, lambda mel: run_session(session, mel))


def _embed_cached(path: Path, embedder: _Embedder, cache: Path, degradation: str) -> Embeddings:
    """Return the embeddings of a file, with no windows if all are silent; else FileError."""
    spec = embedder.spec
    file = cache / f"{make_key(path, [embedder.digest, asdict(spec), degradation])}.npy"
    if file.exists():
        cached: Embeddings = np.load(file)
        return cached
    windows = extract_windows(path, spec, *([DEGRADATIONS[degradation]] if degradation else []))
    if not len(windows):
        return np.zeros((0, 0), np.float32)
    embeddings = embedder.embed(windows)
    save_array(file, embeddings)
    return embeddings
