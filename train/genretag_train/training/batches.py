"""Batches for the loop: random crops to train on, whole clips as in `scan` to validate."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed
from torch.utils.data import DataLoader, Dataset, Sampler, SequentialSampler

from genretag.errors import Code, UsageError
from genretag_train.config import TrainConfig
from genretag_train.features.extraction import FeatureSpec, LogPower, Windows, crop_window
from genretag_train.features.store import StoredWindows

TrainBatch = tuple[Tensor, Tensor, Tensor]
"""Windows [batch, n_frames, n_mels], genres [batch], weights in the loss [batch]."""

ValidBatch = tuple[Tensor, Tensor, Tensor]
"""Windows [n_windows, n_frames, n_mels], the clip of each window [n_windows], genres [n_clips]."""


Draw = tuple[int, int]
"""The index of a clip, and the seed of the window that is drawn from it."""


class Crops(Dataset[tuple[NDArray[np.float32], int, np.float32]]):
    """Random windows of clips; which one depends on the seed, the epoch and the clip alone.

    Read from the clips' files of features each time, so that memory does not grow with them.
    """

    def __init__(
        self,
        files: Sequence[Path],
        genres: Sequence[int],
        weights: Sequence[float],
        spec: FeatureSpec,
    ) -> None:
        # Of Python's numbers a batch would be made in float64, which not every device has.
        self._clips = list(zip(files, genres, map(np.float32, weights), strict=True))
        self._spec = spec

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, draw: Draw) -> tuple[NDArray[np.float32], int, np.float32]:
        index, seed = draw
        file, genre, weight = self._clips[index]
        power: LogPower = np.load(file, mmap_mode="r")  # reads no more than the window
        room = len(power) - self._spec.n_frames
        start = int(np.random.default_rng(seed).integers(room + 1))
        return crop_window(power, start, self._spec), genre, weight


class EpochSampler(Sampler[Draw]):
    """Each clip `crops` times in a new order each epoch, each time with a seed for its crop.

    What is drawn depends on `seed` and the epoch alone, so that a resumed run goes on as
    if it had never stopped. Lightning calls `set_epoch`.
    """

    def __init__(self, clips: int, crops: int, seed: int) -> None:
        self._clips, self._crops, self._seed = clips, crops, seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the number of the next pass."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._clips * self._crops

    def __iter__(self) -> Iterator[Draw]:
        rng = np.random.default_rng((self._seed, self._epoch))
        order = rng.permutation(len(self)) % self._clips
        seeds = rng.integers(2**63, size=len(self))
        return iter(list(zip(order.tolist(), seeds.tolist(), strict=True)))


class ShareBatches(Sampler[list[Any]]):
    """The batches of this process, of what `sampler` gives for all processes.

    A batch has at least `smallest` of it.
    """

    def __init__(self, sampler: Sampler[Any], batch_size: int, smallest: int) -> None:
        self.sampler: Any = sampler  # by this name Lightning finds it
        self._size, self._smallest = batch_size, smallest

    def __len__(self) -> int:
        _, processes = _processes()
        return count_batches(len(self.sampler), self._size, processes, self._smallest)

    def __iter__(self) -> Iterator[list[Any]]:
        # A generator draws when it is asked: Lightning makes it before it sets the epoch.
        yield from deal_batches(list(self.sampler), self._size, *_processes(), self._smallest)


def count_batches(items: int, batch_size: int, processes: int, smallest: int) -> int:
    """Return how many batches of so many items each of the processes has.

    Raises:
        UsageError: `bad-option`, there are less than `smallest` for each of several processes.
    """
    smallest_share = items // processes
    if processes > 1 and smallest_share < smallest:
        raise UsageError(
            Code.BAD_OPTION,
            f"A side of {items} clips is too small for {processes} processes: "
            f"each needs {smallest}",
            "Lower --devices or --nodes.",
        )
    fullest_rest = batch_size - min(batch_size, smallest)
    return max(1, (smallest_share + fullest_rest) // batch_size)


def deal_batches(
    items: Sequence[Any], batch_size: int, rank: int, processes: int, smallest: int
) -> list[list[Any]]:
    """Return the batches of the process number `rank`; each item is in one process, once.

    All processes have as many batches, as with each they wait for each other. The last batch takes
    up a rest below `smallest`; and as shares differ by one item, it may have up to `smallest` more
    than `batch_size`.
    """
    # Processes average their gradients as if their batches were alike. So where the last ones
    # differ by a window, those of the smaller one count for a trifle more.
    share = items[rank::processes]
    last = (count_batches(len(items), batch_size, processes, smallest) - 1) * batch_size
    full = [share[start : start + batch_size] for start in range(0, last, batch_size)]
    return [*map(list, full), list(share[last:])]


def _processes() -> tuple[int, int]:
    """Return this process's number among those that train together, and how many there are."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()


def make_train_loader(crops: Crops, config: TrainConfig) -> DataLoader[Any]:
    """Load this process's `TrainBatch`es."""
    draws = EpochSampler(len(crops), config.crops, config.seed)
    return DataLoader(
        crops,
        # A window alone has no statistics.
        batch_sampler=ShareBatches(draws, config.batch_size, smallest=2),
        num_workers=config.loaders,
        persistent_workers=config.loaders > 0,
        multiprocessing_context="spawn" if config.loaders else None,
    )


def make_valid_loader(
    windows: StoredWindows, genres: Sequence[int], batch_size: int
) -> DataLoader[Any]:
    """Load this process's `ValidBatch`es of the clips that have windows."""
    clips = _AudibleClips(windows, genres)
    share = ShareBatches(SequentialSampler(clips), batch_size, smallest=1)
    return DataLoader(clips, batch_sampler=share, collate_fn=_collate)


class _AudibleClips(Dataset[tuple[Windows, int]]):
    def __init__(self, windows: StoredWindows, genres: Sequence[int]) -> None:
        self._windows, self._genres = windows, genres
        self._audible = windows.find_audible()

    def __len__(self) -> int:
        return len(self._audible)

    def __getitem__(self, index: int) -> tuple[Windows, int]:
        clip = self._audible[index]
        return self._windows[clip], self._genres[clip]


def _collate(pairs: Sequence[tuple[Windows, int]]) -> ValidBatch:
    clips = [clip for clip, (windows, _) in enumerate(pairs) for _ in windows]
    return (
        torch.from_numpy(np.concatenate([windows for windows, _ in pairs])),
        torch.tensor(clips),
        torch.tensor([genre for _, genre in pairs]),
    )


def compute_class_weights(
    genres: Sequence[int], weights: Sequence[float], n_genres: int
) -> NDArray[np.float32]:
    """Return weights [n_genres] with which all genres that occur count the same, 0 for others.

    `weights` are those that the clips have already; with both, the mean over clips is 1.
    """
    sums = np.bincount(genres, weights, minlength=n_genres)
    share = len(genres) / np.count_nonzero(sums)
    return np.where(sums, share / np.where(sums, sums, 1.0), 0.0).astype(np.float32)
