"""The training loop: Lightning runs it, what is ours is the recipe."""

import csv
import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, cast

import lightning.pytorch as lightning
import torch
from lightning.pytorch.callbacks import (
    Callback,
    EarlyStopping,
    EMAWeightAveraging,
    ModelCheckpoint,
)
from lightning.pytorch.loggers import Logger
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot
from torch.optim.lr_scheduler import ReduceLROnPlateau, StepLR
from torch.utils.data import DataLoader
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from genretag import __version__
from genretag.errors import Code, RunError
from genretag_train.config import TrainConfig
from genretag_train.nets import NETS, Size
from genretag_train.run_folder import BEST, CURVES, LAST
from genretag_train.training.augment import augmented, mixed
from genretag_train.training.batches import JudgeBatch, TrainBatch


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
        size = Size(
            n_mels=config.n_mels,
            n_genres=len(genres),
            hidden=config.hidden,
            rnn_hidden=config.rnn_hidden,
            dropout=config.dropout,
            rnn_layers=config.rnn_layers,
            max_pool=config.max_pool,
        )
        self.net = NETS[config.arch](size)
        weights = None if class_weights is None else torch.from_numpy(class_weights)
        self.class_weights: Tensor | None
        self.register_buffer("class_weights", weights, persistent=False)
        self.val_accuracy = MulticlassAccuracy(len(genres), average="micro")
        self.val_f1_macro = MulticlassF1Score(len(genres), average="macro")
        self.val_f1_weighted = MulticlassF1Score(len(genres), average="weighted")
        self._rates: dict[str, dict[str, Any]] = {}

    def on_train_batch_start(self, batch: TrainBatch, batch_idx: int) -> None:
        """Draw from a seed of this very batch, so that a resumed run draws the same.

        Of several processes each draws its own: their windows differ, so should their changes.
        """
        torch.manual_seed(
            batch_seed(self.config.seed, self.current_epoch, batch_idx, self.global_rank)
        )

    def training_step(self, batch: TrainBatch, batch_idx: int) -> Tensor:
        """Loss of one batch of random windows."""
        mel, genres, weights = batch
        mel = augmented(mel, self.config)
        targets = one_hot(genres, len(self.genres)).float()
        if self.config.mixup:
            mel, targets = mixed(mel, targets, self.config.mixup)
        loss = self.loss(self.net(mel), targets, weights.float())
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(mel))
        self.log("batch_loss", loss, on_step=True, on_epoch=False)
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
        probabilities = clip_probabilities(self.net(mel), clips, len(genres))
        loss = nn.functional.nll_loss(probabilities.clamp_min(1e-9).log(), genres)
        self.val_accuracy(probabilities, genres)
        self.val_f1_macro(probabilities, genres)
        self.val_f1_weighted(probabilities, genres)
        self.log("val_loss", loss, batch_size=len(genres))
        self.log("val_accuracy", self.val_accuracy)
        self.log("val_f1_macro", self.val_f1_macro)
        self.log("val_f1_weighted", self.val_f1_weighted)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam, and the rules for its rate that `on_train_epoch_end` carries out."""
        config = self.config
        adam = torch.optim.Adam(
            self.net.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.plateau = ReduceLROnPlateau(
            adam,
            factor=config.plateau_factor,
            patience=config.plateau_patience,
            threshold=config.plateau_threshold,
            threshold_mode="abs",
        )
        self.steps = StepLR(adam, max(1, config.step_epochs), config.step_gamma)
        for name, state in self._rates.items():
            getattr(self, name).load_state_dict(state)
        return adam

    def on_train_epoch_end(self) -> None:
        """Lower the rate by rule: here, as Lightning would do it after its checkpoint."""
        if self.config.plateau:
            self.plateau.step(float(self.trainer.callback_metrics["val_loss"]))
        if self.config.step_epochs:
            self.steps.step()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Let the checkpoint explain itself."""
        checkpoint["rates"] = {
            "plateau": self.plateau.state_dict(),
            "steps": self.steps.state_dict(),
        }
        checkpoint["genretag"] = {
            "version": __version__,
            "config": asdict(self.config),
            "genres": list(self.genres),
            "metrics": {name: float(x) for name, x in self.trainer.callback_metrics.items()},
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take up the rules for the rate where they were."""
        self._rates = checkpoint["rates"]


def batch_seed(seed: int, epoch: int, batch: int, rank: int) -> int:
    """The seed in [0, 2**63) of what is drawn for one batch of the process number `rank`."""
    # The first process draws what a process alone draws.
    return (hash((seed, epoch, batch)) + rank) % 2**63


def clip_probabilities(logits: Tensor, clips: Tensor, n_clips: int) -> Tensor:
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
        if not trainer.is_global_zero:
            return
        names = ("train_loss", "val_loss", "val_accuracy", "val_f1_weighted", "val_f1_macro")
        metrics = {name: float(trainer.callback_metrics[name]) for name in names}
        metrics["learning_rate"] = float(trainer.optimizers[0].param_groups[0]["lr"])
        for logger in trainer.loggers:
            logger.log_metrics(
                {"epoch_avg_loss": metrics["train_loss"], **metrics}, trainer.global_step
            )
        row = {"epoch": trainer.current_epoch, **metrics}
        earlier = [old for old in self._rows() if int(old["epoch"]) < row["epoch"]]
        part = self._file.with_name(f"{self._file.name}.part")
        with part.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, row)
            writer.writeheader()
            writer.writerows([*earlier, row])
        part.replace(self._file)  # a run that is killed now keeps its earlier epochs
        self._told(row)

    def _rows(self) -> list[dict[str, str]]:
        if not self._file.exists():
            return []
        with self._file.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))


def load_checkpoint(file: Path) -> dict[str, Any]:
    """Return what a run kept in `file`; RunError `model-invalid` if it cannot be read."""
    try:
        kept: dict[str, Any] = torch.load(file, weights_only=True)
    except (OSError, RuntimeError, EOFError, LookupError, ValueError, UnpicklingError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged, or no checkpoint"
        raise RunError(
            Code.MODEL_INVALID,
            f"{file}: the checkpoint cannot be read: {reason}",
            "Check its access rights, or train anew into another --out.",
        ) from error
    return kept


def fit(
    learner: Learner,
    train: DataLoader[Any],
    valid: DataLoader[Any],
    out: Path,
    resume: bool,
    told: Callable[[Mapping[str, float]], None],
    loggers: Sequence[Logger] = (),
) -> Learner:
    """Train until `val_loss` stops falling; the learner with the weights of its best epoch.

    `out` then holds `last.ckpt`, `best.ckpt` and `curves.csv`; with `resume` the run goes
    on from `last.ckpt`. `told` is given each epoch's row of the curves, `loggers` that and
    each batch's loss.
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
        accelerator=config.accelerator,
        devices=config.devices,
        num_nodes=config.nodes,
        strategy=config.strategy,
        precision=cast(Any, config.precision),  # Lightning refuses what it does not know
        # `Epochs` gives each process its share by itself, and crops that depend on the epoch.
        use_distributed_sampler=False,
        max_epochs=config.epochs,
        callbacks=[*average, Curves(out / CURVES, told), stop, best, last],
        logger=list(loggers),
        log_every_n_steps=1,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        deterministic="warn",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            trainer.fit(learner, train, valid, ckpt_path=out / LAST if resume else None)
        except SystemExit as stopped:  # Lightning's answer to Ctrl-C and SIGTERM
            raise KeyboardInterrupt from stopped
    learner.load_state_dict(load_checkpoint(out / BEST)["state_dict"])
    return learner.eval()
