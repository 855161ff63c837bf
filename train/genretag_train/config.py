"""The settings of a training run: one frozen record, from TOML and overridden by options."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from genretag.errors import Code, UsageError, reason

KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
SplitRule = Literal["artist", "stratified"]

DATA, FEATURES, NET, TRAINING, AUGMENTATION, CALIBRATION, MODEL = (
    "Data",
    "Features",
    "Network",
    "Training",
    "Augmentation (training side only)",
    "Calibration",
    "The exported model",
)


def setting(default: Any, panel: str, text: str) -> Any:
    """Make a field of `TrainConfig` with the help text and help panel of its option."""
    return field(default=default, metadata={"panel": panel, "help": text})


@dataclass(frozen=True)
class TrainConfig:
    """Every number of a run; the option of each field is its name with dashes."""

    arch: str = setting("cnn1d_lstm", NET, "Architecture: {nets}.")
    hidden: int = setting(64, NET, "Channels after the first convolution; then twice, four times.")
    rnn_hidden: int = setting(128, NET, "Units of the recurrent layer, in each direction.")
    rnn_layers: int = setting(1, NET, "Recurrent layers, with dropout between them.")
    dropout: float = setting(0.3, NET, "Share of activations dropped before RNN and head.")
    max_pool: bool = setting(True, NET, "Halve time and frequency in the 2D nets.")

    label_column: str = setting("", DATA, "CSV column with the genre; 'genre' or 'label' if empty.")
    genres: str = setting("", DATA, "Only these genres, separated by commas; all if empty.")
    min_tracks: int = setting(10, DATA, "Drop genres with fewer clips.")
    min_groups: int = setting(3, DATA, "Drop genres from fewer groups (artists).")
    split: SplitRule = setting(  # noqa: RUF009 - makes a field
        "artist",
        DATA,
        "80/10/10 with no artist on two sides, or 'stratified' by clip, which leaks.",
    )
    split_seed: int = setting(42, DATA, "Seed of the split, apart from --seed.")
    clip_s: float = setting(30.0, DATA, "Train on at most this many seconds from a file's middle.")
    min_s: float = setting(1.0, DATA, "Skip clips shorter than this many seconds.")

    rate_hz: int = setting(22050, FEATURES, "Sample rate.")
    n_fft: int = setting(2048, FEATURES, "Length of the Fourier transform in samples.")
    hop: int = setting(512, FEATURES, "Samples from one frame to the next.")
    n_mels: int = setting(128, FEATURES, "Mel bands.")
    scaling: str = setting("db-minmax", FEATURES, "db-minmax or log-compression.")
    window_s: float = setting(10.0, FEATURES, "Seconds in a window, the input of the model.")
    windows: int = setting(4, FEATURES, "Windows of a track, as in `scan --coverage balanced`.")

    epochs: int = setting(40, TRAINING, "Most passes over the training side.")
    crops: int = setting(1, TRAINING, "Windows drawn from each clip in an epoch.")
    batch_size: int = setting(32, TRAINING, "Windows in a batch.")
    learning_rate: float = setting(1e-3, TRAINING, "Adam's learning rate at the start.")
    weight_decay: float = setting(1e-4, TRAINING, "Adam's weight decay.")
    patience: int = setting(6, TRAINING, "Stop after this many epochs without a lower val_loss.")
    plateau: bool = setting(True, TRAINING, "Lower the rate when val_loss stops falling.")
    plateau_patience: int = setting(2, TRAINING, "Lower the rate after this many such epochs.")
    plateau_factor: float = setting(0.5, TRAINING, "By which factor.")
    plateau_threshold: float = setting(1e-4, TRAINING, "What counts as lower, absolute.")
    step_epochs: int = setting(0, TRAINING, "Lower the rate every so many epochs; 0 for never.")
    step_gamma: float = setting(0.1, TRAINING, "By which factor.")
    class_weights: bool = setting(False, TRAINING, "Let all genres count the same in the loss.")
    group_power: float = setting(
        0.0, TRAINING, "Weigh each clip's loss by 1 / (clips of its group) to this power."
    )
    label_smoothing: float = setting(0.0, TRAINING, "Share of the target spread over all genres.")
    ema: float = setting(
        0.0,
        TRAINING,
        "Validate and keep a running average of the weights with this decay; 0 for none.",
    )
    seed: int = setting(1, TRAINING, "Seed of weights, order, crops and augmentation.")
    accelerator: str = setting("cpu", TRAINING, "cpu, gpu, mps or auto.")
    devices: int = setting(1, TRAINING, "Devices, or processes on the CPU; -1 for all.")
    nodes: int = setting(1, TRAINING, "Machines.")
    strategy: str = setting("auto", TRAINING, "How several devices share the work: ddp, fsdp ...")
    precision: str = setting("32-true", TRAINING, "32-true, bf16-mixed or 16-mixed.")
    loaders: int = setting(
        0, TRAINING, "Processes that load windows beside the training; 0 for none."
    )
    threads: int = setting(2, TRAINING, "Threads; another number rounds differently.")

    mask_mels: int = setting(16, AUGMENTATION, "Widest frequency mask in mel bands; 0 for none.")
    mask_s: float = setting(1.0, AUGMENTATION, "Widest time mask in seconds; 0 for none.")
    masks: int = setting(2, AUGMENTATION, "Masks of each kind per window.")
    mask_p: float = setting(1.0, AUGMENTATION, "Share of windows that are masked.")
    filter_db: float = setting(0.0, AUGMENTATION, "Largest gain of a random equaliser; 0 for none.")
    filter_p: float = setting(1.0, AUGMENTATION, "Share of windows that are filtered.")
    shift_mels: int = setting(0, AUGMENTATION, "Largest shift along the mel bands; 0 for none.")
    shift_p: float = setting(1.0, AUGMENTATION, "Share of windows that are shifted so.")
    roll_s: float = setting(0.0, AUGMENTATION, "Largest shift in time in seconds; 0 for none.")
    roll_p: float = setting(0.5, AUGMENTATION, "Share of windows that are shifted so.")
    stretch: float = setting(0.0, AUGMENTATION, "Largest change of tempo, 0.1 for 10%; 0 for none.")
    stretch_p: float = setting(0.5, AUGMENTATION, "Share of windows that are stretched.")
    gain: float = setting(
        0.0, AUGMENTATION, "Largest change of the level, 0.1 for 10%; 0 for none."
    )
    gain_p: float = setting(0.5, AUGMENTATION, "Share of windows that are scaled.")
    noise: float = setting(0.0, AUGMENTATION, "Standard deviation of added noise; 0 for none.")
    noise_p: float = setting(0.5, AUGMENTATION, "Share of windows that get noise.")
    mixup: float = setting(0.0, AUGMENTATION, "Alpha of mixup's Beta distribution; 0 for none.")

    target_precision: float = setting(
        0.8, CALIBRATION, "Precision on the valid side that sets the threshold for 'unsure'."
    )
    min_accepted: int = setting(20, CALIBRATION, "Valid clips that must lie above the threshold.")

    name: str = setting("genretag-model", MODEL, "Name of the model and, with --bundle, its file.")
    version: str = setting("0", MODEL, "Version of the model.")
    licence: str = setting("MIT", MODEL, "Licence of the weights.")
    description: str = setting("", MODEL, "One sentence about the model.")
    trained_on: str = setting("", MODEL, "What the training clips are, in words, for the card.")

    def __post_init__(self) -> None:
        if self.split not in get_args(SplitRule):
            raise _bad_setting(
                "split", f"it is {self.split!r}, not {' or '.join(get_args(SplitRule))}"
            )
        for name in ("hidden", "rnn_hidden", "batch_size", "epochs", "crops", "threads", "windows"):
            if getattr(self, name) < 1:
                raise _bad_setting(name, "it must be at least 1")
        for name in ("seed", "split_seed"):
            if not 0 <= getattr(self, name) < 2**63:
                raise _bad_setting(name, "it must be at least 0 and below 2**63")
        for name in ("window_s", "clip_s", "learning_rate"):
            if not getattr(self, name) > 0:
                raise _bad_setting(name, "it must be above 0")
        for name in ("dropout", "label_smoothing", "ema", "target_precision"):
            share = getattr(self, name)
            if not 0 <= share <= 1:
                raise _bad_setting(name, f"it must be a share between 0 and 1{_suggest(share)}")


def load_config(file: Path | None, options: Mapping[str, Any]) -> TrainConfig:
    """Return the defaults, overridden by `file` (TOML), overridden by options that are not None.

    Raises:
        UsageError: `bad-config`, naming the key that is unknown or has a wrong value.
    """
    settings = read_settings(file) if file else {}
    settings |= {name: value for name, value in options.items() if value is not None}
    return TrainConfig(**settings)


def to_toml(config: TrainConfig) -> str:
    """Return `config` as the TOML that `load_config` reads, one line per field."""
    pairs = ((entry.name, getattr(config, entry.name)) for entry in fields(config))
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in pairs)


def read_settings(file: Path) -> dict[str, Any]:
    """Return the settings that `file` (TOML) has; UsageError `bad-config` if one is wrong."""
    try:
        entries = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            Code.BAD_CONFIG, f"{file}: cannot be read: {error.strerror}", "Check the path."
        ) from error
    except ValueError as error:
        raise UsageError(
            Code.BAD_CONFIG, f"{file}: is not TOML: {reason(error)}", "Correct the file."
        ) from error
    types = {entry.name: type(entry.default) for entry in fields(TrainConfig)}
    for name, value in entries.items():
        if name not in types:
            raise _bad_setting(name, "there is no such setting")
        if types[name] is float and type(value) is int:
            entries[name] = float(value)
        elif type(value) is not types[name]:
            raise _bad_setting(name, f"{value!r} is not {KINDS[types[name]]}")
    return entries


def _suggest(share: float) -> str:
    """Return a proposal for who writes per cent.

    >>> _suggest(80)
    ': did you mean 0.8?'
    """
    return f": did you mean {share / 100:g}?" if 1 < share <= 100 else ""


def _bad_setting(name: str, why: str) -> UsageError:
    return UsageError(
        Code.BAD_CONFIG,
        f"Training setting '{name}': {why}",
        "`genretag train --help` lists the settings.",
    )
