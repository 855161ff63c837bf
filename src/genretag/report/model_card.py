"""Prints the card of a model for people."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from genretag.domain.calibration import Calibration
from genretag.domain.genre import GenreVocabulary
from genretag.domain.manifest import ModelManifest
from genretag.inference.store import DIGEST_LENGTH
from genretag.report import facts
from genretag.report.text import visible
from genretag.report.wording import CALIBRATE, format_counts, note_uncalibrated

_TEST_SETS = {
    "groups": "artists held out",
    "sources": "sources held out",
    "test": "test side",
    "valid": "valid side",
}
"""Names of the sets of clips on which models are measured."""

_MOST_NAMES = 50


def print_card(
    manifest: ModelManifest,
    digest: str,
    identity: str,
    file: Path,
    console: Console,
    calibration: Calibration | None = None,
) -> None:
    """Print the card of the model in `file`, with the calibration that is saved for it, if any."""
    title = Text(visible(f"{manifest.name} {manifest.version}"), "bold")
    console.print(title + Text(visible(f", {manifest.licence}"), "not bold"))
    console.print(Text(visible(manifest.description)))
    console.print()
    facts.print_facts(
        [
            ("windows", _input(manifest)),
            *_genres(manifest.genres),
            ("threshold", f"{_thresholds(manifest)}{_target(manifest.training)}"),
            *_scores_are(manifest, identity, calibration),
            *_trained_on(manifest.training),
            *_stands_on(manifest),
            *(("measured", text) for text in _scores(manifest.scores)),
            *_source(manifest.source),
            ("licence", manifest.licence),
            ("identity", identity),
            ("SHA-256", facts.unbroken(digest)),
            ("file", facts.unbroken(file.absolute())),
        ],
        console,
    )


def _input(manifest: ModelManifest) -> str:
    front_end, window = manifest.front_end, manifest.window
    return (
        f"{window.balanced} of {window.length_s:.1f} s from each track, at "
        f"{front_end.rate_hz:,} Hz in {front_end.n_mels} mel bands"
    )


def _genres(genres: GenreVocabulary) -> Iterator[tuple[str, str]]:
    """Yield the names of all genres, or how many there are where nobody would read them."""
    if len(genres) <= _MOST_NAMES:
        names = ", ".join(genres.names)
        families = ", ".join(f"{one.name} ({', '.join(one.genres)})" for one in genres.families)
    else:
        names = "`genretag models show MODEL --format json` names them"
        counts = Counter({family.name: len(family.genres) for family in genres.families})
        families = format_counts(counts, _MOST_NAMES)
    yield "genres", f"{len(genres):,}: {names}"
    if families:
        yield "families", families
    if genres.aliases:
        yield "aliases", ", ".join(f"{name} for {genre}" for name, genre in genres.aliases.items())


def _source(source: Mapping[str, str]) -> Iterator[tuple[str, str | Text]]:
    """Yield where a model comes from; digests unbroken, to be copied and compared."""
    for name, value in source.items():
        yield name, facts.unbroken(value) if name.startswith("SHA-256") else value


def _thresholds(manifest: ModelManifest) -> str:
    alone, pooling = f"{manifest.threshold:.2f}", manifest.pooling
    return f"{alone} by track, {pooling.threshold:.2f} by album or artist" if pooling else alone


def _target(training: Mapping[str, Any]) -> str:
    """Return the precision for which the threshold was chosen, as text."""
    for part in (training, *(part for part in training.values() if isinstance(part, Mapping))):
        precision = part.get("target_precision")
        if _is_number(precision):
            return f", chosen so that at least {precision:.0%} of what is written should be right"
    return ""


def _scores_are(
    manifest: ModelManifest, identity: str, calibration: Calibration | None
) -> Iterator[tuple[str, str]]:
    """Yield whether scores are calibrated, where a person has to do that."""
    if calibration:
        files, artists = calibration.files, calibration.artists
        wanted = f"so that {calibration.precision:.0%} of what is written should be right"
        yield "scores", f"calibrated on {files} of your files by {artists} artists, {wanted}"
    elif not manifest.is_calibrated:
        yield "scores", f"{note_uncalibrated(identity)} {CALIBRATE}"


def _trained_on(training: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    data = training.get("data")
    if isinstance(data, str) and data:
        yield "trained on", data


def _stands_on(manifest: ModelManifest) -> Iterator[tuple[str, str]]:
    if manifest.base:
        yield "learned on", f"{manifest.base.model}@{manifest.base.sha256[:DIGEST_LENGTH]}"


def _scores(scores: Mapping[str, Any]) -> Iterator[str]:
    """Yield a text for each set of clips on which it was measured."""
    for name, values in scores.items():
        if not isinstance(values, Mapping):
            continue
        parts = [*_describe(values)]
        if parts:
            yield f"{_TEST_SETS.get(name, name)}: {', '.join(parts)}"


def _describe(values: Mapping[str, Any]) -> Iterator[str]:
    if _is_number(values.get("accuracy")):
        yield f"{values['accuracy']:.0%} right{_interval(values.get('accuracy_95'))}"
    if _is_number(values.get("clips")):
        yield f"{values['clips']:,} clips"
    if _is_number(values.get("f1_macro")):
        yield f"macro-F1 {values['f1_macro']:.2f}"
    accepted = values.get("accepted")
    if isinstance(accepted, Mapping) and all(
        _is_number(accepted.get(key)) for key in ("threshold", "precision", "coverage")
    ):
        yield (
            f"{accepted['precision']:.0%} right of the {accepted['coverage']:.0%} that reach "
            f"{accepted['threshold']:.2f}"
        )


def _interval(limits: Any) -> str:
    if not isinstance(limits, list) or not all(map(_is_number, limits)) or len(limits) != 2:
        return ""
    return f" (95%: {limits[0]:.0%} to {limits[1]:.0%})"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
