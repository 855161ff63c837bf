"""A net with its loss, its augmentation and its optimizer, as Lightning trains it."""

from dataclasses import asdict
from typing import Any

import lightning.pytorch as lightning
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot
from torch.optim.lr_scheduler import ReduceLROnPlateau, StepLR
from torchmetrics import MeanMetric, Metric
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from genretag import __version__
from genretag_train.config import TrainConfig
from genretag_train.nets import make_net
from genretag_train.nets.blocks import Size
from genretag_train.training.augment import augment, mix_up
from genretag_train.training.batches import TrainBatch, ValidBatch


class Learner(lightning.LightningModule):
    """A net with its loss, its augmentation and its optimizer.

    The scores of the valid side are of whole clips, predicted as in `scan`: by the mean of their
    windows' probabilities.
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
        self.net = make_net(config.arch, size)
        weights = None if class_weights is None else torch.from_numpy(class_weights)
        self.class_weights: Tensor | None
        self.register_buffer("class_weights", weights, persistent=False)
        # Means over windows and clips, which are given one by one: Lightning's mean over processes
        # rounds their number down, and this one has no weights where it lets NaN through.
        self.train_loss = MeanMetric(nan_strategy="disable")
        self.val_loss = MeanMetric(nan_strategy="disable")
        self.val_accuracy = MulticlassAccuracy(len(genres), average="micro")
        self.val_f1_macro = MulticlassF1Score(len(genres), average="macro")
        self.val_f1_weighted = MulticlassF1Score(len(genres), average="weighted")
        self._rates: dict[str, dict[str, Any]] = {}

    def on_train_start(self) -> None:
        """End at once where an earlier part of the run had stopped, for lack of patience."""
        stop = self.trainer.early_stopping_callback
        if stop and stop.stopped_epoch:
            self.trainer.should_stop = True

    def on_train_batch_start(self, batch: TrainBatch, batch_idx: int) -> None:
        """Draw from a seed of this very batch, so that a resumed run draws the same.

        Of several processes each draws its own: their windows differ, so should their changes.
        """
        torch.manual_seed(
            make_batch_seed(self.config.seed, self.current_epoch, batch_idx, self.global_rank)
        )

    def training_step(self, batch: TrainBatch, batch_idx: int) -> Tensor:
        """Return the loss of one batch of random windows."""
        mel, genres, weights = batch
        mel = augment(mel, self.config)
        targets = one_hot(genres, len(self.genres)).float()
        if self.config.mixup:
            mel, targets = mix_up(mel, targets, self.config.mixup)
        loss = self.loss(self.net(mel), targets, weights)
        self.train_loss.update(loss.detach().expand(len(mel)))
        self.log("train_loss", self.train_loss, on_step=False, on_epoch=True)
        self.log("batch_loss", loss, on_step=True, on_epoch=False)
        return loss

    def loss(self, logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        """Return the cross-entropy of [batch, n_genres] to targets alike, weighted [batch].

        It is computed in single precision, also from logits in half precision.
        """
        losses = cross_entropy(
            logits.float(),
            targets,
            weight=self.class_weights,
            reduction="none",
            label_smoothing=self.config.label_smoothing,
        )
        return (losses * weights).mean()

    def validation_step(self, batch: ValidBatch, batch_idx: int) -> None:
        """Score whole clips; the scores are of those of all processes together."""
        mel, clips, genres = batch
        probabilities = average_windows(self.net(mel), clips, len(genres))
        logs = probabilities.clamp_min(1e-9).log()
        self.val_loss.update(nn.functional.nll_loss(logs, genres, reduction="none"))
        self.log("val_loss", self.val_loss)
        for name in ("val_accuracy", "val_f1_macro", "val_f1_weighted"):
            metric: Metric = getattr(self, name)
            metric.update(probabilities, genres)
            self.log(name, metric)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return Adam, and make the rules for its rate that `on_train_epoch_end` carries out."""
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


def make_batch_seed(seed: int, epoch: int, batch: int, rank: int) -> int:
    """Return the seed in [0, 2**63) for the draws of one batch in the process number `rank`."""
    # The first process draws what a process alone draws.
    return (hash((seed, epoch, batch)) + rank) % 2**63


def average_windows(logits: Tensor, clips: Tensor, n_clips: int) -> Tensor:
    """Return the mean probabilities [n_clips, n_genres] of windows [n_windows, n_genres].

    `clips` [n_windows] has the clip of each window. They are in single precision, also of logits
    in half precision: rounded to 8 bits, one epoch could not be told from another.
    """
    probabilities = logits.float().softmax(dim=1)
    sums = probabilities.new_zeros(n_clips, logits.shape[1]).index_add(0, clips, probabilities)
    return sums / torch.bincount(clips, minlength=n_clips)[:, None]
