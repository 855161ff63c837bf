"""The training loop: Lightning runs it, what is ours is the recipe."""

import csv
import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch
from lightning.pytorch.callbacks import (
    Callback,
    EarlyStopping,
    EMAWeightAveraging,
    ModelCheckpoint,
)
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from genretag_train.augment import augmented, mixed
from genretag_train.batches import JudgeBatch, TrainBatch
from genretag_train.config import TrainConfig
from genretag_train.nets import NETS, Size

LAST, BEST = "last.ckpt", "best.ckpt"
CURVES = "curves.csv"


class Learner(lightning.LightningModule):
    """A net with its loss, its augmentation and its optimizer.

    `val_loss`, `val_accuracy` and `val_f1_macro` are of whole clips, judged as `scan`
    judges them: by the mean of their windows' probabilities.
    """

    def __init__(
        self, config: TrainConfig, genres: tuple[str, ...], class_weights: NDArray[Any] | None
    ) -> None:
        super().__init__()
        self.config, self.genres = config, genres
        size = Size(config.n_mels, len(genres), config.hidden, config.rnn_hidden, config.dropout)
        self.net = NETS[config.arch](size)
        self.class_weights = None if class_weights is None else torch.from_numpy(class_weights)
        self.val_accuracy = MulticlassAccuracy(len(genres), average="micro")
        self.val_f1_macro = MulticlassF1Score(len(genres), average="macro")
        self._plateau_state: dict[str, Any] | None = None

    def on_train_batch_start(self, batch: TrainBatch, batch_idx: int) -> None:
        """Draw from a seed of this very batch, so that a resumed run draws the same."""
        torch.manual_seed(hash((self.config.seed, self.current_epoch, batch_idx)) % 2**63)

    def training_step(self, batch: TrainBatch, batch_idx: int) -> Tensor:
        """Loss of one batch of random windows."""
        mel, genres, weights = batch
        mel = augmented(mel, self.config)
        targets = one_hot(genres, len(self.genres)).float()
        if self.config.mixup:
            mel, targets = mixed(mel, targets, self.config.mixup)
        loss = self.loss(self.net(mel), targets, weights.float())
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(mel))
        return loss

    def loss(self, logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        """Cross-entropy of [batch, n_genres] to targets alike, clips weighted [batch]."""
        losses = cross_entropy(
            logits,
            targets,
            weight=self.class_weights,
            reduction="none",
            label_smoothing=self.config.label_smoothing,
        )
        return (losses * weights).mean()

    def validation_step(self, batch: JudgeBatch, batch_idx: int) -> None:
        """Judge whole clips."""
        mel, clips, genres = batch
        chances = clip_chances(self.net(mel), clips, len(genres))
        loss = nn.functional.nll_loss(chances.clamp_min(1e-9).log(), genres)
        self.val_accuracy(chances, genres)
        self.val_f1_macro(chances, genres)
        self.log("val_loss", loss, batch_size=len(genres))
        self.log("val_accuracy", self.val_accuracy)
        self.log("val_f1_macro", self.val_f1_macro)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam, and the plateau rule that `on_train_epoch_end` carries out."""
        adam = torch.optim.Adam(
            self.net.parameters(),
            lr=self.config.learning_rate,
            weight_decay=self.config.weight_decay,
        )
        self.plateau = ReduceLROnPlateau(
            adam,
            factor=self.config.plateau_factor,
            patience=self.config.plateau_patience,
            threshold=self.config.plateau_threshold,
            threshold_mode="abs",
        )
        if self._plateau_state:
            self.plateau.load_state_dict(self._plateau_state)
        return adam

    def on_train_epoch_end(self) -> None:
        """Lower the rate on a plateau: here, as Lightning would do it after its checkpoint."""
        self.plateau.step(float(self.trainer.callback_metrics["val_loss"]))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Let the checkpoint explain itself."""
        checkpoint["plateau"] = self.plateau.state_dict()
        checkpoint["genretag"] = {
            "config": asdict(self.config),
            "genres": list(self.genres),
            "metrics": {name: float(x) for name, x in self.trainer.callback_metrics.items()},
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take up the plateau rule where it was."""
        self._plateau_state = checkpoint["plateau"]


def clip_chances(logits: Tensor, clips: Tensor, n_clips: int) -> Tensor:
    """Mean probabilities [n_clips, n_genres] of windows [n_windows, n_genres] of `clips`."""
    sums = logits.new_zeros(n_clips, logits.shape[1])
    sums = sums.index_add(0, clips, logits.softmax(dim=1))
    return sums / torch.bincount(clips, minlength=n_clips)[:, None]


class Curves(Callback):
    """One row per epoch in `curves.csv`; a resumed run goes on below what it had written."""

    def __init__(self, file: Path, told: Callable[[Mapping[str, float]], None]) -> None:
        self._file, self._told = file, told

    def on_train_epoch_end(
        self, trainer: lightning.Trainer, module: lightning.LightningModule
    ) -> None:
        """Write the row of this epoch."""
        names = ("train_loss", "val_loss", "val_accuracy", "val_f1_macro")
        metrics = {name: float(trainer.callback_metrics[name]) for name in names}
        metrics["learning_rate"] = float(trainer.optimizers[0].param_groups[0]["lr"])
        row = {"epoch": trainer.current_epoch, **metrics}
        earlier = [old for old in self._rows() if int(old["epoch"]) < row["epoch"]]
        with self._file.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, row)
            writer.writeheader()
            writer.writerows([*earlier, row])
        self._told(row)

    def _rows(self) -> list[dict[str, str]]:
        if not self._file.exists():
            return []
        with self._file.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))


def fit(
    learner: Learner,
    train: DataLoader[Any],
    valid: DataLoader[Any],
    out: Path,
    resume: bool,
    told: Callable[[Mapping[str, float]], None],
) -> Learner:
    """Train until `val_loss` stops falling; the learner with the weights of its best epoch.

    `out` then holds `last.ckpt`, `best.ckpt` and `curves.csv`; with `resume` the run goes
    on from `last.ckpt`. `told` is given each epoch's row of the curves.
    """
    config = learner.config
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    best = ModelCheckpoint(
        out, "best", monitor="val_loss", save_on_train_epoch_end=True, enable_version_counter=False
    )
    last = ModelCheckpoint(out, "last", save_on_train_epoch_end=True, enable_version_counter=False)
    stop = EarlyStopping("val_loss", patience=config.patience, check_on_train_epoch_end=True)
    average = [EMAWeightAveraging(decay=config.ema)] if config.ema else []
    trainer = lightning.Trainer(
        accelerator="cpu",
        max_epochs=config.epochs,
        callbacks=[*average, Curves(out / CURVES, told), stop, best, last],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        deterministic=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            trainer.fit(learner, train, valid, ckpt_path=out / LAST if resume else None)
        except SystemExit as stopped:  # Lightning's answer to Ctrl-C and SIGTERM
            raise KeyboardInterrupt from stopped
    weights = torch.load(out / BEST, weights_only=True)["state_dict"]
    learner.load_state_dict(weights)
    return learner.eval()
