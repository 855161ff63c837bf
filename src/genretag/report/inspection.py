"""Shows a person all that is known of one file."""

from collections.abc import Sequence
from itertools import chain

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from genretag.domain.inspection import Inspection
from genretag.domain.players import PLAYERS
from genretag.report.blocks import Lane, Pen
from genretag.report.palette import AGAINST, COLOURS, FOR
from genretag.report.text import clock, percent, visible

TOP_GENRES = 5
_BAR_WIDTH = 30
_SEPARATORS = frozenset(";/|,")
_LABEL_WIDTH = 9
_GENRE_WIDTH = 14
# Less would make much of nothing, or an empty line.
_LEAST_WORTH = 0.05
_LEAST_SCORE = 0.1


def show(inspection: Inspection, console: Console) -> None:
    """Print everything about one file; values that are drawn are written as numbers too."""
    pen = Pen.of(console)
    console.print(Text(visible(str(inspection.path)), "bold"), soft_wrap=True)
    sections = Table.grid(padding=(0, 1))
    sections.add_column(width=_LABEL_WIDTH, style="bright_black")
    sections.add_column(overflow="fold")
    sections.add_row("file", _file(inspection))
    sections.add_row("tags", _tags(inspection))
    if inspection.genres:
        sections.add_row("players", _players(inspection))
    sections.add_row("heard", _heard(inspection, pen))
    sections.add_row("", _verdict(inspection))
    if inspection.best:
        room = max(1, console.width - _LABEL_WIDTH - _GENRE_WIDTH - 2)
        lane = Lane(len(inspection.timeline.excerpts), room)
        sections.add_row("when", _when(inspection, lane, pen))
        if inspection.effects:
            sections.add_row("why", _why(inspection, lane, pen))
        if inspection.bands:
            sections.add_row("", _octaves(inspection, pen))
    console.print(sections)
    console.print()


def _file(inspection: Inspection) -> str:
    heard = inspection.timeline
    windows = f"heard {len(heard.excerpts)} windows"
    if heard.silent:
        windows += f" and {len(heard.silent)} of silence"
    container = inspection.container or "a container that genretag cannot tag"
    return f"{container}, {clock(heard.prediction.duration_s)}, {windows}, {heard.prediction.model}"


def _tags(inspection: Inspection) -> RenderableType:
    rows = _grid()
    for tag in inspection.tags:
        stale = "goes on showing this" if tag.name in inspection.stale else ""
        for n, item in enumerate(item for item in tag.items if item.texts):
            texts = _values(item.texts)
            if item.names != item.texts:
                texts.append("  means ", "bright_black")
                texts.append(_values(item.names).plain, "bright_black")
            name = "" if n else f"{tag.name} {tag.version}"
            rows.add_row(name, _safe(item.key), texts, stale)
    if not rows.row_count:
        return "no genre"
    rows.add_row("read as", "", _values(inspection.genres), "")
    return rows


def _players(inspection: Inspection) -> RenderableType:
    """Players that show the same share a line."""
    same: dict[tuple[str, ...], list[str]] = {}
    for player in PLAYERS:
        genres = player.shows(inspection.container or "", inspection.tags)
        same.setdefault(genres, []).append(player.name)
    rows = _grid()
    for genres, names in same.items():
        rows.add_row(", ".join(names), _values(genres) if genres else "nothing")
    return rows


def _heard(inspection: Inspection, pen: Pen) -> RenderableType:
    if inspection.best is None:
        return "nothing but silence"
    rows = _grid()
    for place, genre in enumerate(inspection.timeline.prediction.genres[:TOP_GENRES]):
        bar = pen.bar(genre.score, _BAR_WIDTH, inspection.threshold)
        rows.add_row(genre.name, Text.assemble(percent(genre.score), " ", (bar, COLOURS[place])))
    return rows


def _verdict(inspection: Inspection) -> str:
    if inspection.best is None:
        return "unsure: scan writes nothing"
    limit = f"{inspection.threshold:.2f}"
    verdict = f"unsure: the best score is below {limit}, so scan writes nothing"
    if inspection.is_sure:
        verdict = f"sure: the best score reaches {limit}"
    if inspection.likely:
        names = ", ".join(genre.name for genre in inspection.likely)
        verdict += f"\n{inspection.wished:.0%} set: {names}"
    return verdict


def _when(inspection: Inspection, lane: Lane, pen: Pen) -> RenderableType:
    heard = inspection.timeline
    rows = _grid(_GENRE_WIDTH)
    rows.add_row("", Text(lane.ruler([clock(e.start_s) for e in heard.excerpts]), "bright_black"))
    for place, genre in enumerate(heard.prediction.genres[:TOP_GENRES]):
        scores = heard.scores[:, heard.genres.index(genre.name)].tolist()
        if place == 0 or max(scores) >= _LEAST_SCORE:
            line = lane.line([[score] for score in scores], pen)
            rows.add_row(genre.name, Text(line, COLOURS[place], no_wrap=True))
    return rows


def _why(inspection: Inspection, lane: Lane, pen: Pen) -> RenderableType:
    best = inspection.best.name if inspection.best else ""
    worth = [[effect.worth for effect in window] for window in inspection.effects]
    most = max(_LEAST_WORTH, *map(abs, chain.from_iterable(worth)))
    rows = _grid(_GENRE_WIDTH)
    for label, sign, colour in (("speaks for", 1, FOR), ("against", -1, AGAINST)):
        heights = [[max(0.0, sign * part / most) for part in window] for window in worth]
        line = lane.line(heights, pen)
        rows.add_row(label, Text(line, colour, no_wrap=True))
    note = f"loss of {best} without each second; full: {most:.2f}"
    rows.add_row("", Text(note, "bright_black"))
    return rows


def _octaves(inspection: Inspection, pen: Pen) -> RenderableType:
    rows = _grid(_GENRE_WIDTH)
    for band, worth in inspection.octaves:
        bar = pen.bar(abs(worth), _BAR_WIDTH)
        worth = round(worth, 2) or 0.0  # no minus before a zero
        side, colour = ("for", FOR) if worth >= 0 else ("against", AGAINST)
        name = f"{band.low_hz:g}-{band.high_hz:g} Hz"
        rows.add_row(name, f"{worth:+.2f} {side if worth else '':<7}", Text(bar.rstrip(), colour))
    return rows


def _values(texts: Sequence[str]) -> Text:
    """Several values apart; one that looks like several is quoted."""
    shown = (f'"{text}"' if _SEPARATORS & {*text} else text for text in texts)
    return _safe(" | ".join(shown))


def _safe(text: str) -> Text:
    """Text from a file: neither control characters nor markup act."""
    return Text(visible(text))


def _grid(first: int | None = None) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    if first is not None:
        grid.add_column(width=first - 2, no_wrap=True)
    return grid
