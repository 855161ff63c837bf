"""What a training run is told: one frozen record, read from TOML and overridden by options."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from genretag.errors import Code, UsageError, reason

KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
SplitRule = Literal["artist", "stratified"]

DATA, SOUND, NET, FITTING, AUGMENTING, JUDGING, MODEL = (
    "Data",
    "What the model hears",
    "Network",
    "Fitting",
    "Augmentation (training side only)",
    "Calibration and judging",
    "The exported model",
)


def setting(default: Any, panel: str, text: str) -> Any:
    """A field of `TrainConfig` with the help text and help panel of its option."""
    return field(default=default, metadata={"panel": panel, "help": text})


@dataclass(frozen=True)
class TrainConfig:
    """Every number of a run; the option of each field is its name with dashes."""

    arch: str = setting(
        "cnn1d_lstm",
        NET,
        "cnn1d_gru, cnn1d_lstm, cnn1d_lstm_uni, cnn2d, cnn2d_gru or cnn2d_lstm.",
    )
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

    rate_hz: int = setting(22050, SOUND, "Sample rate.")
    n_fft: int = setting(2048, SOUND, "Length of the Fourier transform in samples.")
    hop: int = setting(512, SOUND, "Samples from one frame to the next.")
    n_mels: int = setting(128, SOUND, "Mel bands.")
    scaling: str = setting("db-minmax", SOUND, "db-minmax or log-compression.")
    window_s: float = setting(10.0, SOUND, "Seconds that the model judges at a time.")
    windows: int = setting(4, SOUND, "Windows that `scan --coverage balanced` hears in a track.")

    epochs: int = setting(40, FITTING, "Most passes over the training side.")
    crops: int = setting(1, FITTING, "Windows drawn from each clip in an epoch.")
    batch_size: int = setting(32, FITTING, "Windows in a batch.")
    learning_rate: float = setting(1e-3, FITTING, "Adam's learning rate at the start.")
    weight_decay: float = setting(1e-4, FITTING, "Adam's weight decay.")
    patience: int = setting(6, FITTING, "Stop after this many epochs without a lower val_loss.")
    plateau: bool = setting(True, FITTING, "Lower the rate when val_loss stops falling.")
    plateau_patience: int = setting(2, FITTING, "Lower the rate after this many such epochs.")
    plateau_factor: float = setting(0.5, FITTING, "By which factor.")
    plateau_threshold: float = setting(1e-4, FITTING, "What counts as lower, absolute.")
    step_epochs: int = setting(0, FITTING, "Lower the rate every so many epochs; 0 for never.")
    step_gamma: float = setting(0.1, FITTING, "By which factor.")
    class_weights: bool = setting(False, FITTING, "Let all genres count the same in the loss.")
    group_power: float = setting(
        0.0, FITTING, "Weigh each clip's loss by 1 / (clips of its group) to this power."
    )
    label_smoothing: float = setting(0.0, FITTING, "Share of the target spread over all genres.")
    ema: float = setting(
        0.0, FITTING, "Judge and keep a running average of the weights with this decay; 0 for none."
    )
    seed: int = setting(1, FITTING, "Seed of weights, order, crops and augmentation.")
    accelerator: str = setting("cpu", FITTING, "cpu, gpu, mps or auto.")
    devices: int = setting(1, FITTING, "Devices, or processes on the CPU; -1 for all.")
    nodes: int = setting(1, FITTING, "Machines.")
    strategy: str = setting("auto", FITTING, "How several devices share the work: ddp, fsdp ...")
    precision: str = setting("32-true", FITTING, "32-true, bf16-mixed or 16-mixed.")
    loaders: int = setting(
        0, FITTING, "Processes that load windows while others are learned; 0 for none."
    )
    threads: int = setting(2, FITTING, "Threads; another number rounds differently.")

    mask_mels: int = setting(16, AUGMENTING, "Widest frequency mask in mel bands; 0 for none.")
    mask_s: float = setting(1.0, AUGMENTING, "Widest time mask in seconds; 0 for none.")
    masks: int = setting(2, AUGMENTING, "Masks of each kind per window.")
    mask_p: float = setting(1.0, AUGMENTING, "Share of windows that are masked.")
    filter_db: float = setting(0.0, AUGMENTING, "Largest gain of a random equaliser; 0 for none.")
    filter_p: float = setting(1.0, AUGMENTING, "Share of windows that are filtered.")
    shift_mels: int = setting(0, AUGMENTING, "Largest shift along the mel bands; 0 for none.")
    shift_p: float = setting(1.0, AUGMENTING, "Share of windows that are shifted so.")
    roll_s: float = setting(0.0, AUGMENTING, "Largest shift in time in seconds; 0 for none.")
    roll_p: float = setting(0.5, AUGMENTING, "Share of windows that are shifted so.")
    stretch: float = setting(0.0, AUGMENTING, "Largest change of tempo, 0.1 for 10%; 0 for none.")
    stretch_p: float = setting(0.5, AUGMENTING, "Share of windows that are stretched.")
    gain: float = setting(0.0, AUGMENTING, "Largest change of all values, 0.1 for 10%; 0 for none.")
    gain_p: float = setting(0.5, AUGMENTING, "Share of windows that are scaled.")
    noise: float = setting(0.0, AUGMENTING, "Standard deviation of added noise; 0 for none.")
    noise_p: float = setting(0.5, AUGMENTING, "Share of windows that get noise.")
    mixup: float = setting(0.0, AUGMENTING, "Alpha of mixup's Beta distribution; 0 for none.")

    target_precision: float = setting(
        0.8, JUDGING, "Precision on the valid side that sets the threshold for 'unsure'."
    )
    min_accepted: int = setting(20, JUDGING, "Valid clips that must lie above the threshold.")

    name: str = setting("genretag-model", MODEL, "Name of the model and, with --bundle, its file.")
    version: str = setting("0", MODEL, "Version of the model.")
    licence: str = setting("MIT", MODEL, "Licence of the weights.")
    description: str = setting("", MODEL, "One sentence about the model.")
    trained_on: str = setting("", MODEL, "What the training clips are, in words, for the card.")

    def __post_init__(self) -> None:
        if self.split not in get_args(SplitRule):
            raise _refused("split", f"it is {self.split!r}, not {' or '.join(get_args(SplitRule))}")
        for name in ("hidden", "rnn_hidden", "batch_size", "epochs", "crops", "threads", "windows"):
            if getattr(self, name) < 1:
                raise _refused(name, "it must be at least 1")
        for name in ("window_s", "clip_s", "learning_rate"):
            if not getattr(self, name) > 0:
                raise _refused(name, "it must be above 0")
        for name in ("dropout", "label_smoothing", "ema", "target_precision"):
            share = getattr(self, name)
            if not 0 <= share <= 1:
                raise _refused(name, f"it must be a share between 0 and 1{_meant(share)}")


def load_config(file: Path | None, options: Mapping[str, Any]) -> TrainConfig:
    """The defaults, overridden by `file` (TOML), overridden by the options that are not None.

    Raises:
        UsageError: `bad-config`, naming the key that is unknown or has a wrong value.
    """
    given = {name: value for name, value in options.items() if value is not None}
    return TrainConfig(**{**(_read(file) if file else {}), **given})


def to_toml(config: TrainConfig) -> str:
    """`config` as the text that `load_config` reads: one `key = value` line per field."""
    pairs = ((entry.name, getattr(config, entry.name)) for entry in fields(config))
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in pairs)


def _read(file: Path) -> dict[str, Any]:
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
            raise _refused(name, "there is no such setting")
        if types[name] is float and type(value) is int:
            entries[name] = float(value)
        elif type(value) is not types[name]:
            raise _refused(name, f"{value!r} is not {KINDS[types[name]]}")
    return entries


def _meant(share: float) -> str:
    """A proposal for who writes per cent."""
    return f": did you mean {share / 100:g}?" if 1 < share <= 100 else ""


def _refused(name: str, why: str) -> UsageError:
    return UsageError(
        Code.BAD_CONFIG,
        f"Training setting '{name}': {why}",
        "`genretag train --help` lists the settings.",
    )
