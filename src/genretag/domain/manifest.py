"""The manifest of a model: all that inference must know beside the weights."""

import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, Literal, TypeVar, get_args

from genretag.domain.front_end import MOST_NUMBERS, FrontEnd
from genretag.domain.genre import Family, GenreVocabulary
from genretag.domain.pooling import Pooling
from genretag.domain.prediction import Averaging
from genretag.domain.window import WindowSpec
from genretag.errors import Code, RunError, reason

SCHEMA = 1
SET_MASSES = 99
METADATA_KEY = "genretag"
"""Name of the ONNX metadata property that holds the manifest as JSON."""

_LONGEST_NAME = 200
_LEAST_TEMPERATURE = 1e-6
"""A smaller one, or a larger one than its inverse, makes nothing finite of logits in float32."""
_SHA256 = re.compile("[0-9a-f]{64}")

Activation = Literal["softmax", "sigmoid"]
"""From logits to scores: of one genre among all, or of each genre by itself."""

_TYPES: Mapping[str, type] = {
    **dict.fromkeys(("name", "version", "licence", "description"), str),
    "genres": list,
    **dict.fromkeys(("parents", "front_end", "window", "calibration", "training", "scores"), dict),
}
"""The type of each entry of the JSON text."""
_TYPE_NAMES: Mapping[type, str] = {str: "text", list: "a list", dict: "a table"}

_Record = TypeVar("_Record")


@dataclass(frozen=True)
class BaseModel:
    """The model whose embeddings a learned head needs.

    Attributes:
        model: the name of a bundled or imported one, or the path of its file.
        sha256: of that file, 64 hexadecimal digits.

    Raises:
        ValueError: a value is no such thing.
    """

    model: str
    sha256: str

    def __post_init__(self) -> None:
        if not isinstance(self.model, str) or not self.model:
            raise ValueError("the base model needs a name")
        if not isinstance(self.sha256, str) or not _SHA256.fullmatch(self.sha256):
            raise ValueError(f"the base model has no SHA-256 but {self.sha256!r}")


@dataclass(frozen=True)
class ModelManifest:
    """Name, licence, genres and settings of a model.

    Attributes:
        name: without a version.
        version: of the model.
        licence: of the weights.
        description: a sentence or two.
        genres: in the order of the outputs.
        front_end: settings of the input.
        window: length and number of windows.
        temperature: by which logits are divided, above 0.
        threshold: the score from which a genre is written, in [0, 1].
        training: how the model was trained, for people.
        scores: how good it is, for people.
        set_masses: 99 rising numbers in [0, 1], or none: to what the scores of a prediction
            set must sum for it to hold the true genre with a probability of 1%, 2%, and so on.
        pooling: parameters of the model of units; None to decide track by track.
        averaging: over the windows of a track.
        base: of a head that a person learned; None for a model by itself.
        activation: from its logits to scores.
        is_calibrated: whether a score is the share of tracks in which the genre is right.
        source: where a model of other people comes from, for people: author, link, citation, and
            so on.

    Raises:
        ValueError: a value is out of range.
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
    pooling: Pooling | None = None
    averaging: Averaging = "scores"
    base: BaseModel | None = None
    activation: Activation = "softmax"
    is_calibrated: bool = True
    source: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < len(self.name) <= _LONGEST_NAME:
            raise ValueError(f"a model needs a name of up to {_LONGEST_NAME} characters")
        if self.activation not in get_args(Activation):
            raise ValueError(f"activation {self.activation!r} is none of {get_args(Activation)}")
        if not isinstance(self.is_calibrated, bool):
            raise ValueError(f"is_calibrated must be true or false, not {self.is_calibrated!r}")
        if not all(isinstance(text, str) for text in self.source.values()):
            raise ValueError("the source must be texts by their names")
        n_frames = self.front_end.count_frames(self.n_samples)
        if not n_frames or max(self.n_samples, n_frames * self.front_end.n_fft) > MOST_NUMBERS:
            raise ValueError(f"a window of {self.window.length_s:g} s is too short or too long")
        if not _LEAST_TEMPERATURE <= self.temperature <= 1 / _LEAST_TEMPERATURE:
            raise ValueError(f"the temperature must be above 0, not {self.temperature}")
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"the threshold must lie in [0, 1], not {self.threshold}")
        if self.averaging not in get_args(Averaging):
            raise ValueError(f"averaging {self.averaging!r} is none of {get_args(Averaging)}")
        masses = self.set_masses
        are_rising = all(0 <= one <= 1 for one in masses) and list(masses) == sorted(masses)
        if masses and not (len(masses) == SET_MASSES and are_rising):
            raise ValueError(f"the masses of genre sets must be {SET_MASSES} rising numbers")
        if self.is_multilabel and (masses or self.pooling or self.averaging != "scores"):
            raise ValueError("where genres score by themselves, nothing may count on their sum")

    @property
    def is_multilabel(self) -> bool:
        """Whether each genre scores by itself, so that the scores of a track sum to any number."""
        return self.activation == "sigmoid"

    @property
    def families(self) -> tuple[Family, ...]:
        """The families that are written where no genre is sure but their sum is.

        There are none where scores are no parts of a sum.
        """
        return () if self.is_multilabel else self.genres.families

    @property
    def unit_threshold(self) -> float:
        """The score in [0, 1] from which a genre is written into tracks decided together."""
        return self.pooling.threshold if self.pooling else self.threshold

    @property
    def n_samples(self) -> int:
        """Length of a window in samples."""
        return self.window.count_samples(self.front_end.rate_hz)

    def to_json(self) -> str:
        """Return the manifest as the text that `from_json` reads."""
        return json.dumps(
            {
                "schema": SCHEMA,
                "name": self.name,
                "version": self.version,
                "licence": self.licence,
                "description": self.description,
                "genres": list(self.genres.names),
                "parents": dict(self.genres.parents),
                **({"aliases": dict(self.genres.aliases)} if self.genres.aliases else {}),
                "front_end": _without_defaults(self.front_end),
                "window": asdict(self.window),
                "calibration": {
                    "temperature": self.temperature,
                    "threshold": self.threshold,
                    "averaging": self.averaging,
                    "set_masses": list(self.set_masses),
                    "pooling": self.pooling and asdict(self.pooling),
                },
                "training": dict(self.training),
                "scores": dict(self.scores),
                **({"base": asdict(self.base)} if self.base else {}),
                **({"activation": self.activation} if self.activation != "softmax" else {}),
                **({} if self.is_calibrated else {"is_calibrated": False}),
                **({"source": dict(self.source)} if self.source else {}),
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> "ModelManifest":
        """Read what `to_json` wrote.

        Raises:
            RunError: `model-invalid`, it is anything else.
        """
        try:
            entries = json.loads(text)
            schema = entries["schema"]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise _invalid("its manifest is not readable") from error
        if schema != SCHEMA:
            raise _invalid(f"its manifest has schema {schema!r}; this version reads {SCHEMA}")
        try:
            for name, type_ in _TYPES.items():
                if not isinstance(entries[name], type_):
                    raise ValueError(f"{name} must be {_TYPE_NAMES[type_]}")
            return cls(
                name=entries["name"],
                version=entries["version"],
                licence=entries["licence"],
                description=entries["description"],
                genres=GenreVocabulary(
                    tuple(entries["genres"]), entries["parents"], entries.get("aliases", {})
                ),
                front_end=_build(FrontEnd, "front_end", entries),
                window=_build(WindowSpec, "window", entries),
                temperature=float(entries["calibration"]["temperature"]),
                threshold=float(entries["calibration"]["threshold"]),
                averaging=entries["calibration"].get("averaging", "scores"),
                training=entries["training"],
                scores=entries["scores"],
                set_masses=tuple(map(float, entries["calibration"].get("set_masses", ()))),
                pooling=_read_pooling(entries["calibration"]),
                base=_build(BaseModel, "base", entries) if entries.get("base") else None,
                activation=entries.get("activation", "softmax"),
                is_calibrated=entries.get("is_calibrated", True),
                source=entries.get("source", {}),
            )
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
            raise _invalid(f"its manifest is wrong: {reason(error)}") from error


def _build(kind: type[_Record], name: str, entries: Mapping[str, Any]) -> _Record:
    """Build a dataclass from the entry `name` of a manifest; ValueError for other fields."""
    unknown = sorted(set(entries[name]) - {one.name for one in fields(kind)})  # type: ignore[arg-type]
    if unknown:
        raise ValueError(f"{name} has no {' and no '.join(unknown)}")
    needed = {one.name for one in fields(kind) if one.default is MISSING}  # type: ignore[arg-type]
    missing = sorted(needed - set(entries[name]))
    if missing:
        raise ValueError(f"{name} lacks {' and '.join(missing)}")
    return kind(**entries[name])


def _without_defaults(record: FrontEnd) -> dict[str, Any]:
    """Return the fields that differ from their defaults: versions without the others read it."""
    defaults = {one.name: one.default for one in fields(record)}
    return {name: value for name, value in asdict(record).items() if value != defaults[name]}


def _read_pooling(calibration: Mapping[str, Any]) -> Pooling | None:
    """Return the parameters of pooling; None where an older version wrote the manifest."""
    return _build(Pooling, "pooling", calibration) if calibration.get("pooling") else None


def _invalid(reason: str) -> RunError:
    return RunError(
        Code.MODEL_INVALID,
        f"The model cannot be used: {reason}",
        "Export it again with this version's `genretag train`, or use the bundled model.",
    )
