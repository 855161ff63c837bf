"""Prints an evaluation for people."""

from collections.abc import Iterator, Sequence

import numpy as np
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from genretag.domain.evaluation import (
    MIN_PASSED,
    Estimate,
    Evaluation,
    EvaluationMetrics,
    FileCounts,
    ThresholdResult,
)
from genretag.domain.metrics import ReliabilityBin, row_shares
from genretag.domain.truth import UnmappedGenre
from genretag.report.blocks import Pen
from genretag.report.palette import COLOURS
from genretag.report.tables import (
    DIM,
    INDENT,
    fill_table,
    fit,
    make_table,
    print_note,
    print_section,
)
from genretag.report.text import WIDE, format_percent
from genretag.report.wording import CALIBRATE, note_uncalibrated

SHOWN_NAMES = 12
_NAME_WIDTH = 18
_SHORT_NAME_WIDTH = 12
_CELL_WIDTH = 4
_MOST_LINE_WIDTH = 60
_BAR = COLOURS[0]

_OTHERS = {
    "untagged": "without a genre",
    "own": "with the genres that genretag wrote, which prove nothing",
    "unmapped": "without one that the model knows",
    "dropped": "with a genre, or predicted as one, that the map drops",
    "silent": "with nothing but silence",
    "skipped": "without audio, or of a kind that can hold no genre",
    "failed": "that failed",
}


def print_evaluation(evaluation: Evaluation, console: Console) -> None:
    """Print an evaluation; colours and bars repeat what the numbers say."""
    pen = Pen.of(console)
    console.print(Text(f"{_summary(evaluation.counts)}, {evaluation.model}", "bold"))
    for line in _describe_others(evaluation.counts):
        print_note(line, console)
    if not evaluation.is_calibrated:
        print_note(f"{note_uncalibrated(evaluation.model)} {CALIBRATE}", console)
    metrics = evaluation.metrics
    if metrics is None:
        console.print("\nNothing can be said: no file has a genre that the model knows.")
    else:
        _print_accuracy(metrics, console)
        _print_genres(metrics, console, pen)
        _print_confusion(metrics, console)
        _print_reliability(metrics, console)
        _print_coverage(metrics, console, pen)
        _print_threshold(metrics, evaluation, console)
    _print_unmapped(evaluation.unmapped, console)


def toml_text(text: str) -> str:
    r"""Quote `text` as a TOML string that any terminal shows, and that can be pasted.

    >>> print(toml_text('R&B "live"\n'))
    "R&B \"live\"\u000a"
    """
    return f'"{"".join(map(_escaped, text))}"'


def map_lines(unmapped: Sequence[UnmappedGenre]) -> list[str]:
    """Return a line for a map's `[aliases]` for each name that has a suggestion."""
    lines = []
    for one in unmapped:
        if one.genre:
            note = "  # the model says so" if one.reason == "model" else ""
            lines.append(f"{toml_text(one.name)} = {toml_text(one.genre)}{note}")
    return lines


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    point = ord(character)
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def _summary(counts: FileCounts) -> str:
    files = sum(vars(counts).values())
    return f"{counts.compared} of {files} files compared with their genres"


def _describe_others(counts: FileCounts) -> Iterator[str]:
    for field, words in _OTHERS.items():
        if number := getattr(counts, field):
            yield f"{number} {words}"


def _print_accuracy(metrics: EvaluationMetrics, console: Console) -> None:
    f1 = metrics.f1_macro
    rows = [
        _accuracy_row("accuracy", metrics.accuracy, "a file's first genre is the one predicted"),
        _accuracy_row("any genre", metrics.accuracy_any, "one of its genres is"),
        (
            *("macro-F1", f"{f1.value:.2f}", f"{f1.low:.2f} to {f1.high:.2f}"),
            "mean over the genres that occur",
        ),
        ("ECE", f"{metrics.ece:.3f}", "", "how far scores are from shares right"),
    ]
    title = "How often it is right"
    if console.width >= WIDE:
        print_section(title, fill_table(make_table("", ">", "95%", ""), rows), console)
    else:
        print_section(
            title, fill_table(make_table("", ">", "95%"), [row[:-1] for row in rows]), console
        )
        for name, *_, words in rows:
            print_note(f"{name}: {words}", console)
    print_note("Songs of an album are alike: true intervals are wider.", console)


def _accuracy_row(name: str, share: Estimate, words: str) -> tuple[str, str, str, str]:
    return name, _share(share.value), _range(share), words


def _print_genres(metrics: EvaluationMetrics, console: Console, pen: Pen) -> None:
    """Print a line for each genre that occurs or is predicted, with the counts of files."""
    is_wide = console.width >= WIDE
    columns = ("genre", ">precision", ">predicted", ">recall", ">of files", ">F1", "")
    rows = make_table(*(columns if is_wide else ("genre", ">prec.", ">recall", ">F1")))
    predicted = metrics.confusion.sum(axis=0).tolist()
    for name, score, files in zip(metrics.classes, metrics.genres, predicted, strict=True):
        if not files and not score.clips:
            continue
        precision = f"{score.precision:.2f}" if files else ""
        recall = f"{score.recall:.2f}" if score.clips else ""
        f1 = f"{score.f1:.2f}" if score.clips else ""
        if not is_wide:
            rows.add_row(Text(fit(name, 16)), precision, recall, f1)
            continue
        bar = Text(pen.bar(score.f1, 10) if score.clips else "", _BAR)
        cells = (precision, str(files), recall, str(score.clips), f1, bar)
        rows.add_row(Text(fit(name, _NAME_WIDTH)), *cells)
    print_section("Genre by genre", rows, console)


def _print_confusion(metrics: EvaluationMetrics, console: Console) -> None:
    """Print the most frequent genres, as many as fit; numbers stand for names."""
    occur = metrics.confusion.sum(axis=0) + metrics.confusion.sum(axis=1)
    width = _NAME_WIDTH if console.width >= WIDE else _SHORT_NAME_WIDTH
    names = {index: fit(metrics.classes[index], width) for index in np.flatnonzero(occur).tolist()}
    label = 4 + max(map(cell_len, names.values()))
    room = (console.width - INDENT - label - 2 * _CELL_WIDTH - 2) // _CELL_WIDTH
    most = np.argsort(-occur, kind="stable")[: max(room, 1)].tolist()
    shown = [index for index in names if index in most]
    others = len(names) - len(shown)
    table = Table(box=None, header_style=DIM, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("", no_wrap=True)
    for column in [*range(1, len(shown) + 1), *(["oth"] if others else []), "files"]:
        table.add_column(str(column), justify="right", min_width=_CELL_WIDTH - 1, no_wrap=True)
    shares = row_shares(metrics.confusion.tolist())
    for number, index in enumerate(shown, start=1):
        row = [shares[index][other] for other in shown]
        cells = [Text(_format_cell(share)) for share in row]
        cells[number - 1].stylize("bold")
        if others:
            cells.append(Text(_format_cell(sum(shares[index]) - sum(row))))
        files = str(int(metrics.confusion[index].sum()))
        table.add_row(Text(f"{number:>2} {names[index]}"), *cells, files)
    print_section("Of a genre's files (rows), % predicted as each", table, console)
    if others:
        print_note(f"oth: {others} rarer genres, all of them in --format json", console)


def _print_reliability(metrics: EvaluationMetrics, console: Console) -> None:
    is_wide = console.width >= WIDE
    means = [">mean score"] if is_wide else []  # the line shows it too
    rows = make_table("score", ">files", *means, ">right", "")
    width = _line_width(console, 40 if is_wide else 26)
    for one in metrics.reliability:
        rows.add_row(
            f"{one.low:.1f} to {one.low + 0.1:.1f}",
            str(one.clips),
            *[format_percent(one.score).strip() for _ in means],
            _share(one.right),
            _draw_marks(one, width),
        )
    half = width // 2 - 1
    middle = "50%" if width > len("0%  50%  100%") else ""
    axis = Text(f"{'0%':<{half}}{middle:<{width - half - 4}}100%", DIM, no_wrap=True)
    rows.add_row("", "", *["" for _ in means], "", axis)
    print_section("What a score is worth: S mean score, R share right, X both", rows, console)


def _print_coverage(metrics: EvaluationMetrics, console: Console, pen: Pen) -> None:
    rows = make_table(">surest", ">score from", ">right", "")
    # Of a few files, several tenths are the same ones.
    for one in {one.coverage: one for one in metrics.coverage}.values():
        # Rounded down, so that they reach it as a threshold.
        score = f"{int(one.threshold * 100) / 100:.2f}"
        bar = Text(pen.bar(one.precision, _line_width(console, 40)), _BAR, no_wrap=True)
        rows.add_row(_share(one.coverage), score, _share(one.precision), bar)
    print_section("If only the surest files were tagged", rows, console)


def _print_threshold(metrics: EvaluationMetrics, evaluation: Evaluation, console: Console) -> None:
    target, nearest = metrics.target, metrics.target.nearest
    compared = evaluation.counts.compared
    own = _describe(metrics.at_model_threshold)
    lines = [f"At the model's own threshold for a single track, {own}."]
    if compared < MIN_PASSED:
        lines.append(f"{str(evaluation.threshold_problem).capitalize()}.")
    elif target.is_met:
        lines.append(
            f"For a precision of {_share(target.precision)}: --threshold {nearest.threshold:.2f}. "
            f"There {_describe(nearest)}."
        )
        lines.append("It was chosen on these very files, so on others expect less.")
    else:
        lines.append(
            f"No threshold has a precision of {_share(target.precision)} with at least "
            f"{MIN_PASSED} files. Nearest: {nearest.threshold:.2f}, where {_describe(nearest)}."
        )
    others = evaluation.unmapped_scores
    passing = sum(score >= nearest.threshold for score in others)
    if passing and compared >= MIN_PASSED:
        lines.append(
            f"Of {len(others)} files of genres that the model does not know, {passing} would reach "
            "it as well, and get a wrong one."
        )
    print_section("Which threshold", Text("\n".join(lines)), console)


def _describe(result: ThresholdResult) -> str:
    files = f"{result.files} files ({_share(result.coverage)}) reach {result.threshold:.2f}"
    if not result.files:
        return files
    if result.families:
        files += f", {result.families} of them as a family,"
    share = result.precision
    return f"{files} and {_share(share.value)} of them are right (95%: {_range(share)})"


def _print_unmapped(unmapped: Sequence[UnmappedGenre], console: Console) -> None:
    if not unmapped:
        return
    is_wide = console.width >= WIDE
    rows = make_table(">files", "name", "could mean", *["because"][: int(is_wide)])
    name_width, genre_width = (30, _NAME_WIDTH) if is_wide else (17, _SHORT_NAME_WIDTH)
    for one in unmapped[:SHOWN_NAMES]:
        name, genre = fit(one.name, name_width), fit(one.genre or "?", genre_width)
        rows.add_row(
            str(one.files), Text(name), Text(genre), *[_describe_reason(one)][: int(is_wide)]
        )
    print_section("Genres that the model does not know", rows, console)
    if len(unmapped) > SHOWN_NAMES:
        rest = len(unmapped) - SHOWN_NAMES
        print_note(f"and {rest} more, all of them in --format json", console)
    lines = map_lines(unmapped[:SHOWN_NAMES])
    if not lines:
        return
    console.print("\nIf that is right, lines for a file to give with --map:\n")
    for line in ("[aliases]", *lines):
        console.print(Text(line), soft_wrap=True)
    if any(one.reason == "model" for one in unmapped[:SHOWN_NAMES]):
        console.print(
            "\nWhat the model says must not judge the model: take such a line only if your own "
            "ears agree."
        )


def _describe_reason(one: UnmappedGenre) -> str:
    if one.reason == "name":
        return "its name says so"
    return "the model says so" if one.reason == "model" else "nothing is clear"


def _line_width(console: Console, taken: int) -> int:
    return max(10, min(_MOST_LINE_WIDTH, console.width - INDENT - taken))


def _draw_marks(one: ReliabilityBin, width: int) -> Text:
    """Draw a line from 0% to 100% with the mean score and the share right on it."""
    score, right = (round(share * (width - 1)) for share in (one.score, one.right))
    cells = ["-"] * width
    cells[score] = "S"
    cells[right] = "X" if score == right else "R"
    text = Text("".join(cells), no_wrap=True)
    text.highlight_regex("-+", DIM)
    return text


def _format_cell(share: float) -> str:
    return f"{100 * share:.0f}" if share else "."


def _share(share: float) -> str:
    return f"{share:.0%}"


def _range(share: Estimate) -> str:
    return f"{_share(share.low)} to {_share(share.high)}"
