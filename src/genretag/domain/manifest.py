"""Everything that inference must know about a model and that its weights cannot say."""

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, Literal, TypeVar, get_args

from genretag.domain.genre import GenreVocabulary
from genretag.domain.window import WindowSpec
from genretag.errors import Code, RunError, reason

SCHEMA = 1
SET_MASSES = 99
METADATA_KEY = "genretag"
"""Name of the ONNX metadata property that holds the manifest as JSON."""

Scaling = Literal["db-minmax", "log-compression"]

_KINDS: Mapping[str, type] = {
    **dict.fromkeys(("name", "version", "licence", "description"), str),
    "genres": list,
    **dict.fromkeys(("parents", "front_end", "window", "calibration", "training", "scores"), dict),
}
"""What each entry of the JSON text is."""
_WORDS: Mapping[type, str] = {str: "text", list: "a list", dict: "a table"}

_Record = TypeVar("_Record")


@dataclass(frozen=True)
class FrontEnd:
    """How sound becomes the model's input.

    Power mel spectrogram (Hann window, centred frames, Slaney scale and norm) with
    `n_fft` and `hop` in samples at `rate_hz`, then `scaling`. With `rms_dbfs` the
    waveform is first brought to that RMS level, in dB relative to full scale.
    """

    rate_hz: int
    n_fft: int
    hop: int
    n_mels: int
    scaling: Scaling
    rms_dbfs: float | None = None

    def __post_init__(self) -> None:
        for name in ("rate_hz", "n_fft", "hop", "n_mels"):
            number = getattr(self, name)
            if not (type(number) is int and number > 0):
                raise ValueError(f"{name} must be a positive whole number")
        if self.n_fft % 2:
            raise ValueError("n_fft must be even, or frames have no centre")
        if self.scaling not in get_args(Scaling):
            raise ValueError(f"scaling {self.scaling!r} is none of {get_args(Scaling)}")
        if self.rms_dbfs is not None and not math.isfinite(self.rms_dbfs):
            raise ValueError(f"rms_dbfs must be a level in dB, not {self.rms_dbfs}")


@dataclass(frozen=True)
class ModelManifest:
    """Name, licence, genres and settings of a model; `training` and `scores` tell its story.

    `set_masses` has 99 numbers in [0, 1], or none: to what the scores of a set of genres must
    sum for it to hold the true one with a probability of 1%, 2%, and so on.
    """

    name: str
    version: str
    licence: str
    description: str
    genres: GenreVocabulary
    front_end: FrontEnd
    window: WindowSpec
    temperature: float
    threshold: float
    training: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, Any] = field(default_factory=dict)
    set_masses: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a model needs a name")
        if not 0 < self.temperature < math.inf:
            raise ValueError(f"the temperature must be above 0, not {self.temperature}")
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"the threshold must lie in [0, 1], not {self.threshold}")
        masses = self.set_masses
        if masses and (len(masses) != SET_MASSES or list(masses) != sorted(masses)):
            raise ValueError(f"the masses of genre sets must be {SET_MASSES} rising numbers")

    def to_json(self) -> str:
        """The manifest as the text that `from_json` reads."""
        return json.dumps(
            {
                "schema": SCHEMA,
                "name": self.name,
                "version": self.version,
                "licence": self.licence,
                "description": self.description,
                "genres": list(self.genres.names),
                "parents": dict(self.genres.parents),
                "front_end": asdict(self.front_end),
                "window": asdict(self.window),
                "calibration": {
                    "temperature": self.temperature,
                    "threshold": self.threshold,
                    "set_masses": list(self.set_masses),
                },
                "training": dict(self.training),
                "scores": dict(self.scores),
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> "ModelManifest":
        """Read what `to_json` wrote; RunError `model-invalid` if it is anything else."""
        try:
            entries = json.loads(text)
            schema = entries["schema"]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise _invalid("its manifest is not readable") from error
        if schema != SCHEMA:
            raise _invalid(f"its manifest has schema {schema!r}; this version reads {SCHEMA}")
        try:
            for name, kind in _KINDS.items():
                if not isinstance(entries[name], kind):
                    raise ValueError(f"{name} must be {_WORDS[kind]}")
            return cls(
                name=entries["name"],
                version=entries["version"],
                licence=entries["licence"],
                description=entries["description"],
                genres=GenreVocabulary(tuple(entries["genres"]), entries["parents"]),
                front_end=_made(FrontEnd, "front_end", entries),
                window=_made(WindowSpec, "window", entries),
                temperature=float(entries["calibration"]["temperature"]),
                threshold=float(entries["calibration"]["threshold"]),
                training=entries["training"],
                scores=entries["scores"],
                set_masses=tuple(map(float, entries["calibration"].get("set_masses", ()))),
            )
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise _invalid(f"its manifest is wrong: {reason(error)}") from error


def _made(kind: type[_Record], name: str, entries: Mapping[str, Any]) -> _Record:
    """The record that is the entry `name` of a manifest; ValueError if its fields are others."""
    odd = sorted(set(entries[name]) - {one.name for one in fields(kind)})  # type: ignore[arg-type]
    if odd:
        raise ValueError(f"{name} has no {' and no '.join(odd)}")
    needed = {one.name for one in fields(kind) if one.default is MISSING}  # type: ignore[arg-type]
    lack = sorted(needed - set(entries[name]))
    if lack:
        raise ValueError(f"{name} lacks {' and '.join(lack)}")
    return kind(**entries[name])


def _invalid(reason: str) -> RunError:
    return RunError(
        Code.MODEL_INVALID,
        f"The model cannot be used: {reason}",
        "Export it again with this version's `genretag train`, or use the bundled model.",
    )
