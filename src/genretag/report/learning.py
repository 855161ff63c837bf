"""Shows what was learned of a library, for people and for scripts."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from rich.console import Console
from rich.text import Text

from genretag.domain.evaluation import Estimate
from genretag.learning.genre_choice import LeftOut
from genretag.learning.judgement import JudgedGenre, Judgement
from genretag.learning.library import LearnedGenres, TaggedLibrary
from genretag.learning.threshold import AcceptedClips
from genretag.report.tables import fit, make_table, print_note, print_section
from genretag.report.text import WIDE
from genretag.report.wording import format_files

SCHEMA = 1

_NAME_WIDTH = 20
_SHORT_NAME_WIDTH = 16
_SHOWN_LEFT_OUT = 12
_SHOWN_CONFUSIONS = 5
_OTHERS = {
    "untagged": "without a genre",
    "own": "with the genres that genretag wrote, which teach nothing",
    "silent": "with nothing but silence",
    "skipped": "without audio, or of a kind that can hold no genre",
    "failed": "that failed",
}


def print_learned(library: TaggedLibrary, found: LearnedGenres, console: Console) -> None:
    """Print what was learned and what it is worth."""
    judgement = found.judgement
    console.print(
        Text(
            f"Learned {len(judgement.genres)} genres from {judgement.tracks} tracks by "
            f"{judgement.artists} artists",
            "bold",
        )
    )
    if judgement.others:
        print_note(f"{judgement.others} tracks of other genres say what it must not write", console)
    for name, words in _OTHERS.items():
        if count := library.counts.get(name, 0):
            print_note(f"{format_files(count)} {words}", console)
    if found.contradictory:
        are = "album has" if found.contradictory == 1 else "albums have"
        print_note(f"{found.contradictory} {are} tracks of different genres", console)
    _print_worth(judgement, console)
    _print_genres(judgement.genres, console)
    _print_confusions(judgement, console)
    _print_left_out(found.choice.left_out, console)


def to_dict(library: TaggedLibrary, found: LearnedGenres) -> dict[str, Any]:
    """Return all of it as JSON can hold it."""
    return {
        "schema": SCHEMA,
        "genres": list(found.choice.genres),
        "left_out": [asdict(one) for one in found.choice.left_out],
        "files": {"learned_from": len(library.tracks)}
        | {name: library.counts.get(name, 0) for name in _OTHERS},
        "contradictory_albums": found.contradictory,
        "judgement": found.judgement.to_dict(),
    }


def _print_worth(judgement: Judgement, console: Console) -> None:
    lines = [
        f"{_describe(judgement.accuracy)} of the tracks get one of their genres; "
        f"always saying {judgement.commonest} would be right for "
        f"{_percent(judgement.commonest_share)}.",
        f"At the threshold {judgement.threshold:.2f} a genre is written into "
        f"{_describe_written(judgement.by_track)}",
    ]
    if judgement.by_unit:
        lines.append(
            f"Albums decided together: into {_describe_written(judgement.by_unit)}",
        )
    if not judgement.reaches_target:
        lines.append(
            f"These tracks cannot show that {_percent(judgement.target)} of what is written is "
            "right: more of them would help."
        )
    f1 = judgement.f1_macro
    lines.append(
        f"Macro-F1 {f1.value:.2f} (95%: {f1.low:.2f} to {f1.high:.2f}); scores are off by "
        f"{judgement.ece:.3f} in the mean (ECE)."
    )
    if judgement.base:
        base = judgement.base
        lines.append(
            f"{base.model} is right for {_describe(base.base)} of the {base.tracks} tracks whose "
            f"genre it knows too, and this one for {_describe(base.own)}."
        )
    print_section(
        "What it is worth for artists that it does not know", Text("\n".join(lines)), console
    )


def _describe_written(written: AcceptedClips) -> str:
    if not written.coverage:
        return "no track."
    low, high = written.precision_95
    return (
        f"{_percent(written.coverage)} of the tracks, "
        f"{_percent(written.precision)} of these rightly (95%: {low:.0%} to {high:.0%})."
    )


def _print_genres(genres: Sequence[JudgedGenre], console: Console) -> None:
    is_wide = console.width >= WIDE
    names = ("genre", ">tracks", ">artists", ">precision", ">95%", ">recall", ">95%")
    table = make_table(*(names if is_wide else ("genre", ">tracks", ">prec.", ">recall")))
    for one in genres:
        name = Text(fit(one.name, _NAME_WIDTH if is_wide else _SHORT_NAME_WIDTH))
        precision, recall = _percent(one.precision.value), _percent(one.recall.value)
        if is_wide:
            counts = (str(one.tracks), str(one.artists))
            shares = (precision, _range(one.precision), recall, _range(one.recall))
            table.add_row(name, *counts, *shares)
        else:
            table.add_row(name, str(one.tracks), precision, recall)
    print_section("Genre by genre", table, console)


def _print_confusions(judgement: Judgement, console: Console) -> None:
    """Print the pairs of genres that are taken for each other most often."""
    confusion = np.array(judgement.confusion)
    np.fill_diagonal(confusion, 0)
    table = make_table(">tracks", "are", "and were told to be")
    for place in np.argsort(-confusion, axis=None, kind="stable")[:_SHOWN_CONFUSIONS].tolist():
        true, told = divmod(place, len(confusion))
        if confusion[true, told]:
            names = (judgement.genres[true].name, judgement.genres[told].name)
            cells = (Text(fit(name, _NAME_WIDTH)) for name in names)
            table.add_row(str(confusion[true, told]), *cells)
    if table.row_count:
        print_section("Most often confused", table, console)


def _print_left_out(left_out: Sequence[LeftOut], console: Console) -> None:
    if not left_out:
        return
    table = make_table(">tracks", ">artists", "genre", "counts as")
    for one in left_out[:_SHOWN_LEFT_OUT]:
        name = Text(fit(one.name, _NAME_WIDTH))
        counts_as = Text(fit(one.counts_as or "none of them", _NAME_WIDTH))
        table.add_row(str(one.tracks), str(one.artists), name, counts_as)
    print_section("Left out, as they have too few tracks or artists", table, console)
    others = len(left_out) - _SHOWN_LEFT_OUT
    if others > 0:
        print_note(f"and {others} more, all of them in --format json", console)


def _describe(estimate: Estimate) -> str:
    return f"{_percent(estimate.value)} (95%: {estimate.low:.0%} to {estimate.high:.0%})"


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _range(estimate: Estimate) -> str:
    return f"{100 * estimate.low:.0f} to {100 * estimate.high:.0f}"
