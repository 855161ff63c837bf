"""Batches for the loop: random crops to train on, whole clips as in `scan` to validate."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed
from torch.utils.data import DataLoader, Dataset, Sampler

from genretag_train.config import TrainConfig
from genretag_train.features.extraction import FeatureSpec, LogPower, Windows, crop_window
from genretag_train.features.store import StoredWindows

TrainBatch = tuple[Tensor, Tensor, Tensor]
"""Windows [batch, n_frames, n_mels], genres [batch], weights in the loss [batch]."""

ValidBatch = tuple[Tensor, Tensor, Tensor]
"""Windows [n_windows, n_frames, n_mels], the clip of each window [n_windows], genres [n_clips]."""


class Crops(Dataset[tuple[NDArray[np.float32], int, float]]):
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
        self._clips = list(zip(files, genres, weights, strict=True))
        self._spec = spec

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, draw: tuple[int, int]) -> tuple[NDArray[np.float32], int, float]:
        index, seed = draw
        file, genre, weight = self._clips[index]
        power: LogPower = np.load(file, mmap_mode="r")  # reads no more than the window
        room = len(power) - self._spec.n_frames
        start = int(np.random.default_rng(seed).integers(room + 1))
        return crop_window(power, start, self._spec), genre, weight


class EpochSampler(Sampler[Any]):
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
        return self._clips * self._crops // _processes()[1]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        rng = np.random.default_rng((self._seed, self._epoch))
        draws = self._clips * self._crops
        order = rng.permutation(draws) % self._clips
        seeds = rng.integers(2**63, size=draws)
        rank, processes = _processes()
        # Each process takes as many, so that none waits for the others at the end.
        share = slice(rank, len(self) * processes, processes)
        return iter(list(zip(order[share].tolist(), seeds[share].tolist(), strict=True)))


def _processes() -> tuple[int, int]:
    """Return this process's number among those that train together, and how many there are."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()


def make_train_loader(crops: Crops, config: TrainConfig) -> DataLoader[Any]:
    """Load `TrainBatch`es; a last batch of one window is left out, as it has no statistics."""
    draws = EpochSampler(len(crops), config.crops, config.seed)
    alone = len(draws) % config.batch_size == 1 and len(draws) > 1
    return DataLoader(
        crops,
        batch_size=config.batch_size,
        sampler=draws,
        drop_last=alone,
        num_workers=config.loaders,
        persistent_workers=config.loaders > 0,
        multiprocessing_context="spawn" if config.loaders else None,
    )


def make_valid_loader(
    windows: StoredWindows, genres: Sequence[int], batch_size: int
) -> DataLoader[Any]:
    """Load `ValidBatch`es of the clips that have windows."""
    clips = _AudibleClips(windows, genres)
    return DataLoader(clips, batch_size=batch_size, collate_fn=_collate)


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
