"""What a step of training costs, and how long it waits: python tests/bench/bench_training.py.

One thread learns from features made by code; with loaders, another process reads them. The passes
of what is compared take turns, so that a busy machine slows all of them.
"""

import statistics
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch.utils.data import DataLoader

from genretag_train.config import TrainConfig
from genretag_train.training.batches import Crops, make_train_loader
from genretag_train.training.learner import Learner
from genretag_train.training.pipeline import make_feature_spec

HALF: Mapping[str, torch.dtype] = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}
ROUNDS = 5
CLIPS = 128
GENRES = tuple("ABCDEFGH")
NETS = ("cnn1d_lstm", "cnn2d_gru")
# Two windows of 10 s from each clip of 30 s: a pass is 8 steps.
SMALL = TrainConfig(hidden=8, rnn_hidden=16, crops=2, threads=1, masks=0)
ALL = {"masks": 2, "filter_db": 6.0, "shift_mels": 1, "roll_s": 1.0, "stretch": 0.1, "gain": 0.1}
ALL |= {"noise": 0.01, "mixup": 0.3}
WAYS: Mapping[str, TrainConfig] = {
    "none": SMALL,
    "masks": replace(SMALL, masks=2),
    "all": replace(SMALL, **ALL),
    "all, 1 loader": replace(SMALL, loaders=1, **ALL),
}


@dataclass(frozen=True)
class Pass:
    """Seconds that an average step took, and that it waited for its batch before."""

    step_s: float
    wait_s: float

    @property
    def waiting(self) -> float:
        """The share of the time in which nothing was learned."""
        return self.wait_s / (self.wait_s + self.step_s)


class Way:
    """A net and its batches, as `genretag train` sets them up; on a device of torch."""

    def __init__(self, files: list[Path], config: TrainConfig, device: str = "cpu") -> None:
        torch.manual_seed(config.seed)
        genres = [place % len(GENRES) for place in range(len(files))]
        crops = Crops(files, genres, [1.0] * len(files), make_feature_spec(config))
        self.loader: DataLoader[Any] = make_train_loader(crops, config)
        self.learner = Learner(config, GENRES, None).train().to(device)
        self._adam = self.learner.configure_optimizers()
        self._device, self._half = device, HALF.get(config.precision)
        self._scaler = torch.amp.GradScaler(device, enabled=self._half is torch.float16)

    def measured(self, epoch: int) -> Pass:
        """A pass over all clips, from the first request to the last step."""
        self.loader.batch_sampler.sampler.set_epoch(epoch)
        waits, steps = [], []
        asked = time.perf_counter()
        for number, batch in enumerate(self.loader):
            began = time.perf_counter()
            self.step(batch, number)
            self.wait()
            ended = time.perf_counter()
            waits.append(began - asked)
            steps.append(ended - began)
            asked = ended
        return Pass(statistics.mean(steps), statistics.mean(waits))

    def step(self, batch: Any, number: int) -> None:
        """Begin one step; a GPU goes on with it until `wait`."""
        batch = [part.to(self._device) for part in batch]
        self._adam.zero_grad()
        with torch.autocast(self._device, self._half, enabled=self._half is not None):
            loss = self.learner.training_step(batch, number)
        self._scaler.scale(loss).backward()
        self._scaler.step(self._adam)
        self._scaler.update()

    def wait(self) -> None:
        """Wait until all steps are done."""
        if self._device == "cuda":
            torch.cuda.synchronize()


def made(folder: Path, clips: int = CLIPS, clip_s: float = SMALL.clip_s) -> Iterator[Path]:
    """Features of clips, as the cache of a run keeps them."""
    n_frames = round(clip_s * SMALL.rate_hz / SMALL.hop)
    for seed in range(clips):
        file = folder / f"{seed}.npy"
        power = np.random.default_rng(seed).uniform(-8, 2, (n_frames, SMALL.n_mels))
        np.save(file, power.astype(np.float16))
        yield file


def main() -> None:
    torch.set_num_threads(SMALL.threads)
    warnings.simplefilter("ignore")  # Lightning's, that no trainer keeps what a step logs
    table = Table("net", "augmentation", "step, ms", "of none", "least to most", "waiting")
    with TemporaryDirectory() as place:
        files = list(made(Path(place)))
        for arch in NETS:
            ways = {name: Way(files, replace(way, arch=arch)) for name, way in WAYS.items()}
            # The first pass starts processes and fills the page cache.
            rounds = [
                {name: way.measured(epoch) for name, way in ways.items()}
                for epoch in range(ROUNDS + 1)
            ][1:]
            for name in ways:
                ratios = [found[name].step_s / found["none"].step_s for found in rounds]
                table.add_row(
                    arch,
                    name,
                    f"{1000 * statistics.median(found[name].step_s for found in rounds):.0f}",
                    f"{statistics.median(ratios):.2f}",
                    f"{min(ratios):.2f} to {max(ratios):.2f}",
                    f"{statistics.median(found[name].waiting for found in rounds):.1%}",
                )
    Console(file=sys.stdout).print(table)


if __name__ == "__main__":
    main()
