"""Features of clips on disk, one NPY file for each: `train features` writes what `train` reads.

A file's name stands for the clip, the kind of features and how they are computed. It appears whole
or not at all, so a kill loses no more than the clips that were in work, and any number of
processes can read and fill one folder.
"""

import hashlib
import json
import math
import signal
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from pebble import ProcessExpired, ProcessFuture, ProcessPool

from genretag.errors import Code, FileError
from genretag.library import resources
from genretag_train.data.dataset import Clip, bad_dataset
from genretag_train.data.download import require_room, write_error
from genretag_train.features.extraction import (
    FeatureSpec,
    Skipped,
    Windows,
    compute_power,
    extract_windows,
)
from genretag_train.progress import Progress

KINDS: Mapping[str, Callable[[Path, FeatureSpec], NDArray[Any] | str]] = {
    "power": compute_power,
    "windows": extract_windows,
}
TIMEOUT_S = 120.0
_POWER_BYTES = 2
# Enough to keep the workers busy behind a slow clip.
_QUEUED_PER_WORKER = 4


@dataclass(frozen=True)
class StoredWindows(Sequence[Windows]):
    """The windows of clips, read from their files each time: memory does not grow with them."""

    files: Sequence[Path]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: Any) -> Any:
        return np.load(self.files[index])

    def find_audible(self) -> list[int]:
        """Return the indices of the clips that have windows."""
        return [index for index, file in enumerate(self.files) if _count_rows(file)]


@dataclass(frozen=True)
class FeatureStore:
    """The features of clips in `folder`; missing ones are computed by `jobs` processes."""

    folder: Path
    spec: FeatureSpec
    jobs: int = field(default_factory=resources.count_cores)

    def add_power(
        self, clips: Sequence[Clip], progress: Progress
    ) -> tuple[list[tuple[Clip, Path]], list[Skipped]]:
        """Return the usable clips, each with the file of its `LogPower`, and the others.

        Clips that were skipped are tried again.

        Raises:
            RunError: `disk-full`, `output-failed`.
        """
        usable, skipped = [], []
        for clip, result in zip(clips, self._add("power", clips, progress), strict=True):
            if isinstance(result, str):
                skipped.append(Skipped(clip.name, result))
            else:
                usable.append((clip, result))
        return usable, skipped

    def add_windows(self, clips: Sequence[Clip], progress: Progress) -> StoredWindows:
        """Return the `Windows` of each clip.

        Raises:
            RunError: `bad-dataset`, a clip has none; `disk-full`, `output-failed`.
        """
        files = []
        for clip, result in zip(clips, self._add("windows", clips, progress), strict=True):
            if isinstance(result, str):
                raise bad_dataset(f"{clip.name}: its windows cannot be computed: {result}")
            files.append(result)
        return StoredWindows(files)

    def require_room(self, clips: Sequence[Clip]) -> None:
        """Raise RunError `disk-full` if the power of these clips has no room on the disk."""
        front_end = self.spec.front_end
        missing = sum(not self._file("power", clip).exists() for clip in clips)
        n_bytes = self.spec.clip_s * front_end.rate_hz / front_end.hop
        n_bytes *= missing * front_end.n_mels * _POWER_BYTES
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if math.isfinite(n_bytes):
                require_room(self.folder, round(n_bytes))
        except OSError as error:
            raise write_error(self.folder, error) from error

    def _file(self, kind: str, clip: Clip) -> Path:
        return self.folder / f"{make_key(clip.path, [kind, asdict(self.spec)])}.npy"

    def _add(self, kind: str, clips: Sequence[Clip], progress: Progress) -> list[Path | str]:
        """Compute what is missing; return each clip's file or the reason why it has none."""
        self.folder.mkdir(parents=True, exist_ok=True)
        results: list[Path | str] = [self._file(kind, clip) for clip in clips]
        missing = [(n, file) for n, file in enumerate(results) if not Path(file).exists()]
        done = len(clips) - len(missing)
        progress(done, len(clips))
        tasks = [(kind, clips[n].path, self.spec, Path(file)) for n, file in missing]
        for (n, _), reason in zip(missing, _run(tasks, self.jobs), strict=True):
            if reason:
                results[n] = reason
            done += 1
            progress(done, len(clips))
        return results


def make_key(path: Path, settings: Any) -> str:
    """Return a file name for what was computed from `path` in its present state.

    Settings are anything that JSON can hold.
    """
    try:
        status = path.stat()
        state = [status.st_size, status.st_mtime_ns]
    except OSError:
        state = []
    text = json.dumps([str(path.absolute()), state, settings])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def save_array(file: Path, array: NDArray[Any]) -> None:
    """Write `array` as NPY, whole or not at all, also when several processes write it."""
    part = file.with_name(f"{uuid4().hex}.part")
    try:
        with part.open("xb") as out:
            np.save(out, array)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _count_rows(file: Path) -> int:
    """Return the length of the array in an NPY file, from its header."""
    with file.open("rb") as array:
        np.lib.format.read_magic(array)
        shape, *_ = np.lib.format.read_array_header_1_0(array)
    return int(shape[0])


Task = tuple[str, Path, FeatureSpec, Path]
"""The kind of features, the clip, how they are computed, and the file that they go to."""


def _run(tasks: Sequence[Task], jobs: int) -> Iterator[str | None]:
    """Yield for each task, in order, the reason why its file was not written, or None."""
    if not tasks:
        return
    pool = ProcessPool(
        max_workers=min(jobs, len(tasks)),
        initializer=signal.signal,
        # Ctrl-C reaches the whole process group; the parent alone decides what it means.
        initargs=(signal.SIGINT, signal.SIG_IGN),
        context=get_context("spawn"),
    )
    queue: deque[tuple[Task, ProcessFuture[str | None]]] = deque()
    try:
        for task in tasks:
            queue.append((task, pool.schedule(_compute, task, timeout=TIMEOUT_S)))
            if len(queue) >= _QUEUED_PER_WORKER * jobs:
                yield _wait(*queue.popleft())
        while queue:
            yield _wait(*queue.popleft())
    finally:
        pool.stop()
        pool.join()


def _compute(kind: str, path: Path, spec: FeatureSpec, file: Path) -> str | None:
    """Write a clip's features to `file`, in a worker; or return the reason why it has none."""
    try:
        result = KINDS[kind](path, spec)
    except FileError as error:
        return str(error.code)
    if isinstance(result, str):
        return result
    save_array(file, result)
    return None


def _wait(task: Task, future: "ProcessFuture[str | None]") -> str | None:
    """Return the result of a task; RunError if its file cannot be written."""
    try:
        return future.result()
    except TimeoutError:
        return str(Code.TIMED_OUT)
    except ProcessExpired:
        return str(Code.WORKER_DIED)
    except OSError as error:
        raise write_error(task[-1], error) from error
    except Exception:  # noqa: BLE001 - one clip never stops a run, whatever it does
        return str(Code.INTERNAL)
