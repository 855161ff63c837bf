"""The training loop, which Lightning runs, and the checkpoints that it leaves."""

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, cast

import lightning.pytorch as lightning
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import (
    Callback,
    EarlyStopping,
    EMAWeightAveraging,
    ModelCheckpoint,
)
from lightning.pytorch.loggers import Logger
from torch.utils.data import DataLoader

from genretag.errors import Code, RunError, UsageError, reason
from genretag_train.config import TrainConfig
from genretag_train.progress import Notify
from genretag_train.run_folder import BEST, CURVES, LAST
from genretag_train.training.batches import EpochSampler, ShareBatches
from genretag_train.training.curves import CurvesWriter
from genretag_train.training.learner import Learner


def fit(
    learner: Learner,
    train: DataLoader[Any],
    valid: DataLoader[Any],
    out: Path,
    resume: bool,
    notify: Notify,
    callbacks: Sequence[Callback],
    loggers: Sequence[Logger],
) -> Learner:
    """Train until `val_loss` stops falling; return the learner with its best epoch's weights.

    `out` then holds `last.ckpt`, `best.ckpt` and `curves.csv`; with `resume` the run goes on from
    `last.ckpt`. `notify` is given a line for each epoch, `loggers` its scores and each batch's
    loss. `callbacks` come after the row in the curves and before the checkpoints.
    """
    config = learner.config
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    best = ModelCheckpoint(
        out, "best", monitor="val_loss", save_on_train_epoch_end=True, enable_version_counter=False
    )
    last = ModelCheckpoint(out, "last", save_on_train_epoch_end=True, enable_version_counter=False)
    stop = EarlyStopping("val_loss", patience=config.patience, check_on_train_epoch_end=True)
    average = [EMAWeightAveraging(decay=config.ema)] if config.ema else []
    trainer = _make_trainer(
        config,
        # `ShareBatches` gives each process its share, no clip twice.
        use_distributed_sampler=False,
        max_epochs=config.epochs,
        callbacks=[*average, CurvesWriter(out / CURVES, notify), stop, *callbacks, best, last],
        logger=list(loggers),
        log_every_n_steps=1,
        num_sanity_val_steps=0,
        deterministic="warn",
    )
    if resume:
        # Loaders begin to fetch before Lightning tells the sampler which epoch it is.
        epochs: EpochSampler = cast(ShareBatches, train.batch_sampler).sampler
        epochs.set_epoch(load_checkpoint(out / LAST)["epoch"] + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            trainer.fit(learner, train, valid, ckpt_path=out / LAST if resume else None)
        except SystemExit as stopped:  # Lightning's answer to Ctrl-C and SIGTERM
            raise KeyboardInterrupt from stopped
    learner.load_state_dict(load_checkpoint(out / BEST)["state_dict"])
    return learner.eval()


def check_devices(config: TrainConfig) -> None:
    """Refuse devices that are not here before hours of work; UsageError `no-device`."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trainer = _make_trainer(config, logger=False, enable_checkpointing=False)
        # Lightning takes another in its place and only warns.
        if trainer.precision != config.precision:
            raise ValueError("the device has no such precision")
    except (MisconfigurationException, RuntimeError, ValueError) as error:
        raise UsageError(
            Code.NO_DEVICE,
            f"It cannot be trained on accelerator '{config.accelerator}', devices "
            f"{config.devices}, precision '{config.precision}': {reason(error)}",
            "Choose others, such as --accelerator cpu --precision 32-true; compare and sweep take "
            "them from --config.",
        ) from error


def _make_trainer(config: TrainConfig, **settings: Any) -> lightning.Trainer:
    return lightning.Trainer(
        accelerator=config.accelerator,
        devices=config.devices,
        num_nodes=config.nodes,
        strategy=config.strategy,
        precision=cast(Any, config.precision),  # Lightning refuses what it does not know
        enable_progress_bar=False,
        enable_model_summary=False,
        **settings,
    )


def load_checkpoint(file: Path) -> dict[str, Any]:
    """Return what a run kept in `file`; RunError `model-invalid` if it cannot be read."""
    try:
        # A run on a GPU may be exported where there is none.
        kept: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, LookupError, ValueError, UnpicklingError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged, or no checkpoint"
        raise RunError(
            Code.MODEL_INVALID,
            f"{file}: the checkpoint cannot be read: {reason}",
            "Check its access rights, or train anew into another --out.",
        ) from error
    return kept
