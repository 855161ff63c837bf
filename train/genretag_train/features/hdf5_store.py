"""One HDF5 file of features, a chunk for each clip, that a kill at any moment leaves readable.

All space and all of HDF5's own structures are laid down before the first clip: the file is
sparse at first, and from then on nothing but bytes in place change. A clip's features are
written before its mark, so that a clip without a mark is simply done again.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from genretag.errors import Code, UsageError
from genretag_train.data.dataset import Clip
from genretag_train.data.download import require_room, write_error

WAITING, HEARD, SKIPPED = range(3)
"""The marks in the data set `state`."""

_COLUMNS: Mapping[str, Callable[[Clip], str]] = {
    "name": lambda clip: clip.name,
    "genre": lambda clip: clip.genre,
    "group": lambda clip: clip.group,
    "split": lambda clip: clip.split or clip.published or "",
}
_REASON = "S24"
_BY_RUN = frozenset({"created", "data"})
"""What may differ between the runs that fill one file."""


class FeatureFile:
    """An open file; rows are clips, in the order in which it was made."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file

    @property
    def states(self) -> NDArray[np.uint8]:
        """The mark of each clip."""
        marks: NDArray[np.uint8] = self._file["state"][:]
        return marks

    def keep(self, row: int, features: NDArray[Any], length_s: float) -> None:
        """Write a clip's features [n_frames, n_bands], then mark it."""
        self._file["features"][row] = features
        self._file["length_s"][row] = length_s
        self._mark(row, HEARD)

    def skip(self, row: int, reason: str) -> None:
        """Write why a clip has no features, then mark it."""
        self._file["reason"][row] = reason.encode()
        self._mark(row, SKIPPED)

    def skipped(self) -> dict[str, str]:
        """Name and reason of each clip that was skipped."""
        rows = np.flatnonzero(self.states == SKIPPED)
        names, reasons = self._file["name"].asstr()[rows], self._file["reason"][rows]
        return {name: reason.decode() for name, reason in zip(names, reasons, strict=True)}

    def _mark(self, row: int, state: int) -> None:
        # What the mark vouches for is handed to the system before the mark is.
        self._file.flush()
        self._file["state"][row] = state
        self._file.flush()


@contextmanager
def opened(
    path: Path,
    clips: Sequence[Clip],
    shape: tuple[int, int],
    dtype: str,
    provenance: Mapping[str, str],
) -> Iterator[FeatureFile]:
    """The file at `path` to write on, made if it is not there.

    Args:
        path: the file.
        clips: the rows.
        shape: [n_frames, n_bands] of a clip.
        dtype: of the features.
        provenance: attributes of the file.

    Raises:
        UsageError: there is a file with other clips or another provenance, or no such file.
        RunError: `disk-full`, `output-failed`.
    """
    try:
        if not path.exists():
            _made(path, clips, shape, dtype, provenance)
        with _handle(path) as file:
            _require_same(path, file, clips, provenance)
            waiting = int(np.count_nonzero(file["state"][:] != HEARD))
            require_room(
                path.parent, waiting * file["features"].dtype.itemsize * int(np.prod(shape))
            )
            yield FeatureFile(file)
    except OSError as error:
        raise write_error(path, error) from error


def _handle(path: Path) -> h5py.File:
    if not h5py.is_hdf5(path):
        raise _usage(path, "it is no HDF5 file")
    return h5py.File(path, "r+")


def _made(
    path: Path,
    clips: Sequence[Clip],
    shape: tuple[int, int],
    dtype: str,
    provenance: Mapping[str, str],
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        # The oldest format keeps no mark of who has it open, which a kill would leave behind.
        with h5py.File(part, "w", libver="earliest") as file:
            file.attrs.update(provenance)
            for column, text in _COLUMNS.items():
                texts = [text(clip) for clip in clips]
                file.create_dataset(column, data=texts, dtype=h5py.string_dtype())
            file.create_dataset("state", data=np.full(len(clips), WAITING, np.uint8))
            file.create_dataset("reason", data=np.zeros(len(clips), _REASON))
            file.create_dataset("length_s", data=np.zeros(len(clips), np.float32))
            _lay_out(file, (len(clips), *shape), dtype)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _lay_out(file: h5py.File, shape: tuple[int, ...], dtype: str) -> None:
    """Give `features` its place at once, but write nothing there."""
    layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    layout.set_chunk((1, *shape[1:]))
    layout.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    layout.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    kind = h5py.h5t.py_create(np.dtype(dtype))
    h5py.h5d.create(file.id, b"features", kind, h5py.h5s.create_simple(shape), layout)


def _require_same(
    path: Path, file: h5py.File, clips: Sequence[Clip], provenance: Mapping[str, str]
) -> None:
    for key, value in provenance.items():
        if key not in _BY_RUN and file.attrs.get(key) != value:
            raise _usage(path, f"its {key} is {file.attrs.get(key)}, not {value}")
    labels = [(clip.name, clip.genre) for clip in clips]
    if list(zip(file["name"].asstr()[:], file["genre"].asstr()[:], strict=True)) != labels:
        raise _usage(path, "it was made for other clips")


def _usage(path: Path, why: str) -> UsageError:
    return UsageError(
        Code.BAD_OPTION, f"{path}: {why}", "Choose another --out, or remove the file."
    )
