"""Imports models that other people published, in a process that may fail."""

import os
import stat
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np
from pebble import ProcessExpired, ProcessPool

from genretag.audio.mel import features
from genretag.audio.reference_sound import make_reference_sound
from genretag.domain.manifest import ModelManifest
from genretag.domain.prediction import ScoredGenre, rank_genres
from genretag.errors import Code, RunError, write_error
from genretag.inference.importing.build import BuiltModel, PublishedModel, build_model
from genretag.inference.session import DeviceError, Model, digest_of, load
from genretag.library.interrupt import deferred, wait
from genretag.library.resources import count_cores, limit_memory
from genretag.pipeline.load_model import memory_for

TIMEOUT_S = 300.0
"""After which a model is refused; one of 350 MB takes some 10 s."""
_HINT = "Nothing was imported. Take the ONNX file from its publisher."

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class SelfCheck:
    """Facts to compare with another machine that has the same files.

    Attributes:
        digests: SHA-256 of each given file, by its name.
        built: what was found in them.
        digest: SHA-256 of the imported model.
        batch: how many windows its graph takes at once; None for any number.
        embedding_width: numbers in an embedding; 0 without any.
        scores: of the genres for the reference sound, one window of it, best first.
    """

    digests: tuple[tuple[str, str], ...]
    built: BuiltModel
    digest: str
    batch: int | None
    embedding_width: int
    scores: tuple[ScoredGenre, ...]

    @property
    def manifest(self) -> ModelManifest:
        """The manifest of the imported model."""
        return self.built.manifest


def import_model(
    published: PublishedModel,
    name: str,
    licence: str,
    source: dict[str, str],
    file: Path,
    timeout_s: float = TIMEOUT_S,
) -> SelfCheck:
    """Build a model, check it and put it in its place, as a whole or not at all.

    All that reads or runs the files happens in a process of its own, with limits of memory (on
    Linux) and time.

    Args:
        published: the files.
        name: of the model.
        licence: of its weights.
        source: where the files come from, by names for people.
        file: gets the model.
        timeout_s: seconds after which it is given up.

    Raises:
        RunError: `model-invalid` or `unknown-algorithm`: the graph is not what it must be, or needs
            too much memory or time; the model cannot be written.
        UsageError: `bad-metadata`, the metadata are not what they must be; a file cannot be read.
    """
    given = [published.graph, published.metadata, published.head, published.head_metadata]
    files = [one for one in given if one]
    staged = file.with_name(f".{file.name}.{os.getpid()}")
    n_bytes = memory_for(sum(map(_size, files)))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        check = _run_apart(
            _build_and_check, (published, name, licence, source, staged, files), n_bytes, timeout_s
        )
        staged.replace(file)
    except OSError as error:
        failure = write_error(file, error)
        raise RunError(failure.code, failure.message, failure.hint) from error
    finally:
        staged.unlink(missing_ok=True)
    return check


def check_model(model: Model) -> tuple[tuple[ScoredGenre, ...], int]:
    """Return what a model says of a window of the reference sound, best first.

    The second value is how many numbers its embeddings have; 0 without any.
    """
    manifest = model.manifest
    front_end, n_samples = manifest.front_end, manifest.n_samples
    sound = make_reference_sound(front_end.rate_hz, n_samples / front_end.rate_hz)
    scores, embeddings = model.predict_with_embeddings(features(sound[:n_samples], front_end)[None])
    return rank_genres(manifest.genres.names, scores[0].astype(np.float64)), embeddings.shape[1]


def _build_and_check(
    published: PublishedModel,
    name: str,
    licence: str,
    source: dict[str, str],
    staged: Path,
    files: list[Path],
) -> SelfCheck:
    digests = tuple((_printable(path.name), digest_of(path)) for path in files)
    source = source | {f"SHA-256 of {name}": digest for name, digest in digests}
    built = build_model(published, name, licence, source, staged)
    try:
        model = load(staged, "cpu", threads=count_cores())
        scores, width = check_model(model)
    except RunError as error:  # it names the file by a name that nobody knows
        message = error.message.replace(str(staged), str(published.graph))
        raise RunError(error.code, message, _HINT) from error
    except DeviceError as error:
        raise _refusal(f"it cannot score a sound: {error}") from error
    return SelfCheck(digests, built, model.digest, model.fixed_batch, width, scores)


def _run_apart(
    work: Callable[..., _Result], arguments: tuple[object, ...], n_bytes: int, timeout_s: float
) -> _Result:
    """Do work in a process of its own; RunError if it needs more memory or time than it may."""
    with deferred():
        pool = ProcessPool(1, 1, _prepare, (n_bytes,), context=get_context("spawn"))
    try:
        future = pool.schedule(work, arguments, timeout=timeout_s)
        wait(future)
        result: _Result = future.result()
        return result
    except TimeoutError as error:
        raise _refusal(f"reading and trying it took more than {timeout_s:g} s") from error
    except (MemoryError, ProcessExpired, BrokenProcessPool) as error:
        raise _refusal(
            f"reading and trying it crashed, or took more than {n_bytes >> 20:,} MB"
        ) from error
    finally:
        with deferred():
            pool.stop()
            pool.join()


def _prepare(n_bytes: int) -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_memory(n_bytes)


def _size(path: Path) -> int:
    """Return the size of a file in bytes; 0 if there is none, or it is no file."""
    try:
        status = path.stat()
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _printable(name: str) -> str:
    """Return the name of a file for a manifest, which holds no odd bytes."""
    return name.encode("ascii", "backslashreplace").decode()


def _refusal(why: str) -> RunError:
    return RunError(Code.MODEL_INVALID, f"This model cannot be imported: {why}", _HINT)
