"""The recipe of a head: every number of a run, read from TOML."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path

from genretag.domain.front_end import FrontEnd
from genretag.domain.prediction import Averaging
from genretag.domain.window import WindowSpec
from genretag.errors import Code, UsageError, reason
from genretag_train.features.extraction import FeatureSpec
from genretag_train.nets.pretrained.musicnn import N_MELS
from genretag_train.nets.pretrained.weights import Name
from genretag_train.transfer.cross_validation import HeadTarget
from genretag_train.transfer.linear import Recipe
from genretag_train.transfer.units import UnitRecipe

RATE_HZ, N_FFT, HOP = 16000, 512, 256
"""The front end that the published backbones were trained with."""

_TABLES: Mapping[str, type] = {"recipe": Recipe, "units": UnitRecipe}
"""What the tables of a recipe hold, besides those from text to text."""


@dataclass(frozen=True)
class HeadConfig:
    """Every setting of a run that fits a head; each field is a key of the TOML file.

    `words` has a table for some genres of `label_column`: clips whose `words_column` holds the
    word have the genre beside it instead. `renames` gives genres other names. A parent in
    `parents` is the family of its genres: its name is written where none of them is sure enough
    and their sum is. A genre with less than `min_tracks` clips or `min_groups` groups is left out,
    and so are those in `unnamed`, and one whose F1 in cross-validation is below `min_f1`. Their
    clips teach the head that there are other genres.

    `averaging` says what is averaged over the windows of a clip. With `pooled_layers` the head
    also gets what the dense layer of a tagger gets.

    Below the threshold nothing is written. It is the lowest at which `target_precision` is the
    lower end of the 95% interval of how often what passes is right, while `min_accepted` clips or
    more pass. It, the temperature and the genre sets are chosen on the sources `calibrate_on`:
    those that are like the music that the model is for; on all where none is named.

    `units` are the artists that the model of albums and artists is fitted to; without them the
    manifest has none.
    """

    name: str
    version: str
    licence: str
    description: str
    trained_on: str
    label_column: str = ""
    words_column: str = "label"
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    renames: Mapping[str, str] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    unnamed: Sequence[str] = ()
    min_tracks: int = 40
    min_groups: int = 5
    min_f1: float = 1 / 3
    backbones: Sequence[Name] = ("MSD_musicnn", "MSD_vgg")
    pooled_layers: bool = False
    averaging: Averaging = "scores"
    rms_dbfs: float = -14.0
    window_s: float = 2.976
    windows: int = 4
    recipe: Recipe = field(default_factory=Recipe)
    target_precision: float = 0.85
    min_accepted: int = 50
    calibrate_on: Sequence[str] = ()
    units: UnitRecipe | None = None

    @property
    def spec(self) -> FeatureSpec:
        """The features of the backbones: windows of their length at one level."""
        front_end = FrontEnd(RATE_HZ, N_FFT, HOP, N_MELS, "log-compression", self.rms_dbfs)
        window = WindowSpec(self.window_s, self.windows)
        return FeatureSpec(front_end, window, clip_s=float("inf"), min_s=0.5)

    @property
    def target(self) -> HeadTarget:
        """The target of the threshold."""
        return HeadTarget(
            self.target_precision,
            self.min_accepted,
            self.averaging,
            sources=self.calibrate_on,
            parents=self.parents,
        )


def read_config(file: Path) -> HeadConfig:
    """Read the settings in a TOML file; UsageError `bad-config` names what is wrong in it."""
    try:
        entries = tomllib.loads(file.read_text(encoding="utf-8"))
        unknown = set(entries) - {entry.name for entry in fields(HeadConfig)}
        for name, kind in _TABLES.items():
            unknown |= set(entries.get(name, {})) - {entry.name for entry in fields(kind)}
        if unknown:
            raise ValueError(f"there is no setting {', '.join(sorted(unknown))}")
        required = {
            entry.name
            for entry in fields(HeadConfig)
            if entry.default is MISSING and entry.default_factory is MISSING
        }
        missing = required - set(entries)
        if missing:
            raise ValueError(f"it lacks {', '.join(sorted(missing))}")
        tables = {name: kind(**entries[name]) for name, kind in _TABLES.items() if name in entries}
        return HeadConfig(**{**entries, **tables})
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(
            Code.BAD_CONFIG,
            f"{file}: {reason(error)}",
            "train/configs/musicnn.toml shows what it holds.",
        ) from error
