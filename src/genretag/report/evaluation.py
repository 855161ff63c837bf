"""Shows a person how a model's genres compare with those of the files."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from genretag.domain.evaluation import (
    MIN_PASSED,
    Counts,
    Evaluation,
    EvaluationMetrics,
    Passing,
    Share,
)
from genretag.domain.metrics import Bin, row_shares
from genretag.domain.truth import UnmappedGenre
from genretag.report.blocks import Pen
from genretag.report.palette import COLOURS
from genretag.report.text import WIDE, hanging, percent, visible

SHOWN_NAMES = 12
_NAME_WIDTH = 18
_SHORT_NAME_WIDTH = 12
_CELL_WIDTH = 4
_MOST_LINE_WIDTH = 60
_INDENT = 2
_DIM = "bright_black"
_BAR = COLOURS[0]

_FATES = {
    "untagged": "without a genre",
    "own": "with the genres that genretag wrote, which prove nothing",
    "unmapped": "without one that the model knows",
    "dropped": "with a genre, or heard as one, that the map drops",
    "silent": "with nothing but silence",
    "skipped": "that are no audio or can hold no genre",
    "failed": "that failed",
}


def show(evaluation: Evaluation, console: Console) -> None:
    """Print everything; what colours and bars say is written too."""
    pen = Pen.of(console)
    console.print(Text(f"{_files(evaluation.counts)}, {evaluation.model}", "bold"))
    for line in _left_out(evaluation.counts):
        _note(line, console)
    grades = evaluation.grades
    if grades is None:
        console.print("\nNothing can be said: no file has a genre that the model knows.")
    else:
        _headline(grades, console)
        _genres(grades, console, pen)
        _confusion(grades, console)
        _reliability(grades, console)
        _coverage(grades, console, pen)
        _threshold(grades, evaluation, console)
    _names(evaluation.unmapped, console)


def toml_text(text: str) -> str:
    r"""`text` as a TOML string that shows on any terminal, and that can be pasted.

    >>> print(toml_text('R&B "live"\n'))
    "R&B \"live\"\u000a"
    """
    return f'"{"".join(map(_escaped, text))}"'


def map_lines(unmapped: Sequence[UnmappedGenre]) -> list[str]:
    """A line for a map's `[aliases]` for each name that has a proposal."""
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


def _files(counts: Counts) -> str:
    files = sum(vars(counts).values())
    return f"{counts.judged} of {files} files compared with their genres"


def _left_out(counts: Counts) -> Iterator[str]:
    for fate, words in _FATES.items():
        number = getattr(counts, fate)
        if number:
            yield f"{number} {words}"


def _headline(grades: EvaluationMetrics, console: Console) -> None:
    f1 = grades.f1_macro
    rows = [
        _shared("accuracy", grades.accuracy, "a file's first genre is the one heard"),
        _shared("any genre", grades.accuracy_any, "one of its genres is"),
        (
            *("macro-F1", f"{f1.value:.2f}", f"{f1.low:.2f} to {f1.high:.2f}"),
            "mean over the genres that occur",
        ),
        ("ECE", f"{grades.ece:.3f}", "", "how far scores are from shares right"),
    ]
    title = "How often it is right"
    if console.width >= WIDE:
        _section(title, _filled(_table("", ">", "95%", ""), rows), console)
    else:
        _section(title, _filled(_table("", ">", "95%"), [row[:-1] for row in rows]), console)
        for name, *_, words in rows:
            _note(f"{name}: {words}", console)
    _note("Songs of an album are alike: true intervals are wider.", console)


def _shared(name: str, share: Share, words: str) -> tuple[str, str, str, str]:
    return name, _percent(share.value), _range(share), words


def _genres(grades: EvaluationMetrics, console: Console, pen: Pen) -> None:
    """A line for each genre that occurs or was heard; the counts are what the shares are of."""
    is_wide = console.width >= WIDE
    columns = ("genre", ">precision", ">of heard", ">recall", ">of files", ">F1", "")
    rows = _table(*(columns if is_wide else ("genre", ">prec.", ">recall", ">F1")))
    heard = grades.confusion.sum(axis=0).tolist()
    for name, score, said in zip(grades.classes, grades.genres, heard, strict=True):
        if not said and not score.clips:
            continue
        precision = f"{score.precision:.2f}" if said else ""
        recall = f"{score.recall:.2f}" if score.clips else ""
        f1 = f"{score.f1:.2f}" if score.clips else ""
        if not is_wide:
            rows.add_row(Text(_short(name, 16)), precision, recall, f1)
            continue
        bar = Text(pen.bar(score.f1, 10) if score.clips else "", _BAR)
        cells = (precision, str(said), recall, str(score.clips), f1, bar)
        rows.add_row(Text(_short(name)), *cells)
    _section("Genre by genre", rows, console)


def _confusion(grades: EvaluationMetrics, console: Console) -> None:
    """As many genres as have room, the most frequent ones; numbers stand for names."""
    occur = grades.confusion.sum(axis=0) + grades.confusion.sum(axis=1)
    width = _NAME_WIDTH if console.width >= WIDE else _SHORT_NAME_WIDTH
    names = {
        place: _short(grades.classes[place], width) for place in np.flatnonzero(occur).tolist()
    }
    label = 4 + max(map(cell_len, names.values()))
    room = (console.width - _INDENT - label - 2 * _CELL_WIDTH - 2) // _CELL_WIDTH
    most = np.argsort(-occur, kind="stable")[: max(room, 1)].tolist()
    places = [place for place in names if place in most]
    others = len(names) - len(places)
    table = Table(box=None, header_style=_DIM, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("", no_wrap=True)
    for column in [*range(1, len(places) + 1), *(["oth"] if others else []), "files"]:
        table.add_column(str(column), justify="right", min_width=_CELL_WIDTH - 1, no_wrap=True)
    shares = row_shares(grades.confusion.tolist())
    for number, place in enumerate(places, start=1):
        row = [shares[place][other] for other in places]
        cells = [Text(_cell(share)) for share in row]
        cells[number - 1].stylize("bold")
        if others:
            cells.append(Text(_cell(sum(shares[place]) - sum(row))))
        files = str(int(grades.confusion[place].sum()))
        table.add_row(Text(f"{number:>2} {names[place]}"), *cells, files)
    _section("Of a genre's files (rows), % heard as each", table, console)
    if others:
        _note(f"oth: {others} rarer genres, all of them in --format json", console)


def _reliability(grades: EvaluationMetrics, console: Console) -> None:
    is_wide = console.width >= WIDE
    means = [">mean score"] if is_wide else []  # the line says it too
    rows = _table("score", ">files", *means, ">right", "")
    width = _line_width(console, 40 if is_wide else 26)
    for found in grades.reliability:
        rows.add_row(
            f"{found.low:.1f} to {found.low + 0.1:.1f}",
            str(found.clips),
            *[percent(found.score).strip() for _ in means],
            _percent(found.right),
            _marks(found, width),
        )
    half = width // 2 - 1
    middle = "50%" if width > len("0%  50%  100%") else ""
    axis = Text(f"{'0%':<{half}}{middle:<{width - half - 4}}100%", _DIM, no_wrap=True)
    rows.add_row("", "", *["" for _ in means], "", axis)
    _section("What a score is worth: S mean score, R share right, X both", rows, console)


def _coverage(grades: EvaluationMetrics, console: Console, pen: Pen) -> None:
    rows = _table(">surest", ">score from", ">right", "")
    # Of a few files, several tenths are the same ones.
    for found in {found.coverage: found for found in grades.coverage}.values():
        # Rounded down, so that it is a threshold that lets them pass.
        score = f"{int(found.threshold * 100) / 100:.2f}"
        bar = Text(pen.bar(found.precision, _line_width(console, 40)), _BAR, no_wrap=True)
        rows.add_row(_percent(found.coverage), score, _percent(found.precision), bar)
    _section("If only the surest files were tagged", rows, console)


def _threshold(grades: EvaluationMetrics, evaluation: Evaluation, console: Console) -> None:
    wish, found, others = grades.wish, grades.wish.nearest, evaluation.others
    compared = evaluation.counts.judged
    lines = [f"At the model's own threshold, {_passing(grades.own)}."]
    if compared < MIN_PASSED:
        lines.append(f"{str(evaluation.lack).capitalize()}.")
    elif wish.is_met:
        lines.append(
            f"For a precision of {_percent(wish.precision)}: --threshold {found.threshold:.2f}. "
            f"There {_passing(found)}."
        )
        lines.append("It was chosen on these very files, so on others expect less.")
    else:
        lines.append(
            f"No threshold has a precision of {_percent(wish.precision)} with at least "
            f"{MIN_PASSED} files. Nearest: {found.threshold:.2f}, where {_passing(found)}."
        )
    passing = sum(score >= found.threshold for score in others)
    if passing and compared >= MIN_PASSED:
        lines.append(
            f"Of {len(others)} files of genres that the model does not know, {passing} would reach "
            "it as well, and get a wrong one."
        )
    _section("Which threshold", Text("\n".join(lines)), console)


def _passing(found: Passing) -> str:
    files = f"{found.files} files ({_percent(found.coverage)}) reach {found.threshold:.2f}"
    if not found.files:
        return files
    share = found.precision
    return f"{files} and {_percent(share.value)} of them are right (95%: {_range(share)})"


def _names(unmapped: Sequence[UnmappedGenre], console: Console) -> None:
    if not unmapped:
        return
    is_wide = console.width >= WIDE
    rows = _table(">files", "name", "could mean", *["because"][: int(is_wide)])
    name_width, genre_width = (30, _NAME_WIDTH) if is_wide else (17, _SHORT_NAME_WIDTH)
    for one in unmapped[:SHOWN_NAMES]:
        name, genre = _short(one.name, name_width), _short(one.genre or "?", genre_width)
        rows.add_row(str(one.files), Text(name), Text(genre), *[_reason(one)][: int(is_wide)])
    _section("Genres that the model does not know", rows, console)
    if len(unmapped) > SHOWN_NAMES:
        rest = len(unmapped) - SHOWN_NAMES
        _note(f"and {rest} more, all of them in --format json", console)
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


def _reason(one: UnmappedGenre) -> str:
    if one.reason == "name":
        return "its name says so"
    return "the model says so" if one.reason == "model" else "nothing is clear"


def _section(title: str, body: Table | Text, console: Console) -> None:
    console.print()
    console.print(Text(title, "bold"))
    console.print(Padding(body, (0, 0, 0, _INDENT), expand=False))


def _note(words: str, console: Console) -> None:
    console.print(hanging(Text(" " * _INDENT + words, _DIM), console.width, _INDENT))


def _filled(table: Table, rows: Iterable[Sequence[str]]) -> Table:
    for row in rows:
        table.add_row(*row)
    return table


def _table(*columns: str) -> Table:
    """A table without lines; `>` before a name puts a column to the right."""
    table = Table(box=None, header_style=_DIM, padding=(0, 2, 0, 0), pad_edge=False)
    for name in columns:
        justify = "right" if name.startswith(">") else "left"
        table.add_column(name.removeprefix(">"), justify=justify)  # type: ignore[arg-type]
    return table


def _line_width(console: Console, taken: int) -> int:
    return max(10, min(_MOST_LINE_WIDTH, console.width - _INDENT - taken))


def _marks(found: Bin, width: int) -> Text:
    """A line from 0% to 100% with the mean score and the share right on it."""
    score, right = (round(share * (width - 1)) for share in (found.score, found.right))
    cells = ["-"] * width
    cells[score] = "S"
    cells[right] = "X" if score == right else "R"
    text = Text("".join(cells), no_wrap=True)
    text.highlight_regex("-+", _DIM)
    return text


def _short(name: str, width: int = _NAME_WIDTH) -> str:
    """`name`, made safe, and cut to so many columns."""
    text = visible(name)
    return text if cell_len(text) <= width else f"{set_cell_size(text, width - 2).rstrip()}.."


def _cell(share: float) -> str:
    return f"{100 * share:.0f}" if share else "."


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _range(share: Share) -> str:
    return f"{_percent(share.low)} to {_percent(share.high)}"
