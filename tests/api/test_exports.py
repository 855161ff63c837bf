"""The public names and their signatures: whoever changes one changes it for everybody."""

import dataclasses
import inspect
import re
from typing import get_args

import pytest

import genretag
from genretag import api, errors
from genretag.api import arguments, results
from genretag.domain.layout import PLAYERS
from genretag.domain.tagging import PolicyMode
from genretag.domain.unit import Source, UnitKind
from genretag.domain.window import COVERAGES
from genretag.inference.session import PROVIDERS

SIGNATURES = {
    "Code": "",
    "Decision": "(path: pathlib.Path, before: tuple[str, ...], after: tuple[str, ...], "
    "score: float | None = None, source: Optional[Literal['heard', 'album', 'artist', "
    "'library']] = None, reason: str | None = None, "
    "genres: tuple[tuple[str, float], ...] = (), is_calibrated: bool = True) -> None",
    "ExtraMissingError": "(feature: str, extra: str) -> None",
    "Failed": "(path: pathlib.Path, error: genretag.errors.FileError) -> None",
    "FileError": "(code: genretag.errors.Code, message: str, hint: str) -> None",
    "GenretagError": "(code: genretag.errors.Code, message: str, hint: str) -> None",
    "Prediction": "(path: pathlib.Path, genres: tuple[tuple[str, float], ...], duration_s: float, "
    "windows: int, model: str, is_calibrated: bool = True) -> None",
    "RunError": "(code: genretag.errors.Code, message: str, hint: str) -> None",
    "Tagger": "(model: 'Model', file: pathlib.Path) -> None",
    "Tagger.decide": "(self, tracks: collections.abc.Iterable[str | os.PathLike[str] | "
    "genretag.Track], *, policy: Literal['fill', 'replace', 'add'] = 'fill', "
    "threshold: float | None = None, top_k: int = 1, max_genres: int = 5, "
    "only: str | os.PathLike[str] | collections.abc.Iterable[str] | None = None, "
    "genre_map: str | os.PathLike[str] | None = None, "
    "by: Literal['album', 'artist', 'track'] = 'album', "
    "coverage: Literal['fast', 'balanced', 'full'] = 'balanced', "
    "jobs: int | None = None) -> list[genretag.Decision | genretag.Failed]",
    "Tagger.device": "str",
    "Tagger.embed": "(self, path: str | os.PathLike[str], *, "
    "coverage: Literal['fast', 'balanced', 'full'] = 'balanced') -> 'NDArray[np.float32]'",
    "Tagger.families": "dict[str, tuple[str, ...]]",
    "Tagger.genres": "tuple[str, ...]",
    "Tagger.load": "(model: str | os.PathLike[str] = 'default', "
    "device: Literal['auto', 'cpu', 'cuda', 'coreml', 'dml'] = 'auto') -> Self",
    "Tagger.model": "str",
    "Tagger.predict": "(self, path: str | os.PathLike[str] | "
    "collections.abc.Iterable[str | os.PathLike[str]], *, "
    "coverage: Literal['fast', 'balanced', 'full'] = 'balanced') -> "
    "genretag.Prediction | collections.abc.Iterator[genretag.Prediction | genretag.Failed]",
    "Tagger.threshold": "float",
    "Track": "(path: str | os.PathLike[str], "
    "genres: str | collections.abc.Sequence[str] | None = None, "
    "artist: str | None = None, album_artist: str | None = None, album: str | None = None, "
    "is_compilation: bool | None = None) -> None",
    "UsageError": "(code: genretag.errors.Code, message: str, hint: str) -> None",
    "Written": "(path: pathlib.Path, before: tuple[str, ...], after: tuple[str, ...], "
    "run: int | None = None, notes: tuple[str, ...] = ()) -> None",
    "read_genres": "(path: str | os.PathLike[str]) -> tuple[str, ...]",
    "write_genres": "(path: str | os.PathLike[str], genres: str | collections.abc.Iterable[str], "
    "*, player: Optional[Literal['navidrome', 'jellyfin', 'kodi', 'itunes', 'mpd', "
    "'foobar2000']] = None, keep_mtime: bool = False) -> genretag.Written",
}

CODES = (
    "not-found no-permission read-failed not-audio undecodable tags-unreadable tags-unwritable "
    "write-failed changed verify-failed timed-out worker-died out-of-memory internal bad-option "
    "bad-config bad-map bad-plan unknown-run unknown-model no-device model-invalid "
    "model-unreachable wrong-digest hub-refused cluster-unreachable no-threshold output-failed "
    "journal-failed disk-full bad-dataset data-unreachable parity extra-missing"
)


def signature(thing: object) -> str:
    if thing is genretag.Code:
        return ""
    if isinstance(thing, property):
        return inspect.formatannotation(inspect.signature(thing.fget).return_annotation)
    text = str(inspect.signature(thing))
    # Versions of Python name these differently.
    for theirs, ours in {"pathlib._local.": "pathlib.", "typing.": ""}.items():
        text = text.replace(theirs, ours)
    return re.sub(r"genretag\.api\.\w+\.", "genretag.", text)


def members() -> dict[str, object]:
    found = {name: getattr(genretag, name) for name in genretag.__all__ if name != "__version__"}
    for name, thing in dict(found).items():
        is_ours = inspect.isclass(thing) and thing.__module__.startswith(api.__name__)
        own = vars(thing) if is_ours else {}
        if not dataclasses.is_dataclass(thing):
            found |= {f"{name}.{key}": getattr(thing, key) for key in own if key[0] != "_"}
    return found


def test_names_and_signatures() -> None:
    assert {name: signature(thing) for name, thing in members().items()} == SIGNATURES


def test_codes_only_ever_grow() -> None:
    assert set(CODES.split()) <= set(genretag.Code)


def test_all_public_names_and_no_others_are_exported() -> None:
    assert set(api.__all__) < set(genretag.__all__)
    assert set(genretag.__all__) <= set(dir(genretag))
    with pytest.raises(AttributeError, match="no attribute 'Taggr'"):
        genretag.Taggr  # noqa: B018
    with pytest.raises(ImportError):
        from genretag import Coverage  # noqa: F401


def test_errors_are_the_ones_of_the_command_line() -> None:
    for kind in (genretag.FileError, genretag.RunError, genretag.UsageError):
        assert getattr(errors, kind.__name__) is kind
        assert issubclass(kind, genretag.GenretagError)


@pytest.mark.parametrize("name", [name for name in SIGNATURES if name != "Code"])
def test_every_public_thing_is_described(name: str) -> None:
    assert inspect.getdoc(members()[name])


@pytest.mark.parametrize(
    "kind",
    [genretag.Decision, genretag.Failed, genretag.Prediction, genretag.Track, genretag.Written],
)
def test_results_are_frozen(kind: type) -> None:
    result = kind(*[None] * len(dataclasses.fields(kind)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.path = "other"


def test_choices_are_those_of_the_rest() -> None:
    assert set(get_args(arguments.Coverage)) == set(COVERAGES)
    assert set(get_args(arguments.Device)) == {"auto", *PROVIDERS}
    assert set(get_args(arguments.Player)) == set(PLAYERS)
    assert get_args(arguments.Policy) == get_args(PolicyMode)
    assert get_args(arguments.By) == get_args(UnitKind)
    assert get_args(results.Source) == get_args(Source)
