"""Prints the inspection of a file for people."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from genretag.domain.inspection import Decision, Inspection, Member
from genretag.domain.players import PLAYERS
from genretag.domain.prediction import ScoredGenre
from genretag.domain.unit import Source, Unit
from genretag.report.blocks import Lane, Pen
from genretag.report.palette import AGAINST, COLOURS, FOR
from genretag.report.paths import common_folder, relative_path
from genretag.report.text import WIDE, format_percent, format_time, visible
from genretag.report.wording import CALIBRATE, note_uncalibrated

TOP_GENRES = 5
_TOP_OF_UNIT = 3
_MOST_MEMBERS = 20
_BAR_WIDTH = 30
_LEAST_BAR_WIDTH = 4
_INDENT = 2
_SEPARATORS = frozenset(";/|,")
_LABEL_WIDTH = 9
_GENRE_WIDTH = 14
# Smaller effects and scores are not worth a line.
_LEAST_WORTH = 0.05
_LEAST_SCORE = 0.1
_MOST_SHOWN = 200
"""Characters of a value at another place than the genre, such as a comment."""


_SOURCES: Mapping[Source, str] = {
    "heard": "by its own sound",
    "album": "by its album",
    "artist": "by the songs of its artist",
    "library": "by genres that you gave",
}

_SIGNS: Mapping[bool | None, tuple[str, str]] = {
    True: ("+ ", FOR),
    False: ("- ", AGAINST),
    None: ("  ", ""),
}

# Labels, a value, and notes.
_Row = tuple[tuple[str, ...], Text, tuple[str, ...]]


def print_inspection(inspection: Inspection, console: Console) -> None:
    """Print an inspection; drawings repeat what the numbers say."""
    console.print(Text(visible(str(inspection.path)), "bold"), soft_wrap=True)
    if console.width >= WIDE:
        sections = Table.grid(padding=(0, 1))
        sections.add_column(width=_LABEL_WIDTH, style="bright_black")
        sections.add_column(overflow="fold")
        for section in _sections(inspection, console.width - _LABEL_WIDTH - 2, console):
            sections.add_row(*section)
        console.print(sections)
    else:
        for label, body in _sections(inspection, console.width - _INDENT, console):
            if label:
                console.print(Text(label, "bright_black"))
            console.print(Padding(body, (0, 0, 0, _INDENT)))
    console.print()


def _sections(
    inspection: Inspection, room: int, console: Console
) -> Iterator[tuple[str, RenderableType]]:
    """Yield labels, and what stands beside or below them in `room` columns."""
    pen, is_wide = Pen.of(console), console.width >= WIDE
    yield "file", _file(inspection)
    yield "tags", _tags(inspection, is_wide)
    if inspection.genres:
        yield "players", _players(inspection, is_wide)
    decision = inspection.decision
    unit = decision and decision.unit
    scores = inspection.timeline.prediction.genres[:TOP_GENRES]
    colours = _colours(inspection)
    yield "heard", _top_genres(scores, None if unit else inspection.threshold, colours, room, pen)
    prediction = inspection.timeline.prediction
    if not prediction.is_calibrated:
        yield "", f"{note_uncalibrated(prediction.model)} {CALIBRATE}"
    if inspection.likely_set:
        likely = ", ".join(genre.name for genre in inspection.likely_set)
        yield "", f"{inspection.set_probability:.0%} set: {likely}"
    if decision and unit:
        yield from _unit(inspection, decision, unit, room, pen)
    else:
        yield "", _decision(inspection)
    if inspection.best:
        # One width for all names, so that a window stands in the same columns everywhere.
        names = max(_GENRE_WIDTH, *(cell_len(name) + 2 for name in _scores(inspection)))
        names = min(names, max(_GENRE_WIDTH, room // 2))
        lane = Lane(len(inspection.timeline.excerpts), max(1, room - names))
        yield "when", _over_time(inspection, names, lane, pen)
        if inspection.effects:
            yield "why", _effects(inspection, names, lane, pen)
        if inspection.bands:
            yield "", _octaves(inspection, names, room, pen)


def _file(inspection: Inspection) -> str:
    timeline = inspection.timeline
    windows = f"heard {len(timeline.excerpts)} windows"
    if timeline.silent:
        windows += f" and {len(timeline.silent)} of silence"
    container = inspection.container or "a container that genretag cannot tag"
    duration = format_time(timeline.prediction.duration_s)
    return f"{container}, {duration}, {windows}, {timeline.prediction.model}"


def _tags(inspection: Inspection, is_wide: bool) -> RenderableType:
    rows: list[_Row] = []
    for tag in inspection.tags:
        stale = "goes on showing this" if tag.name in inspection.stale else ""
        for n, item in enumerate(item for item in tag.items if item.texts):
            texts = _values(item.texts)
            if item.names != item.texts:
                texts.append("  means ", "bright_black")
                texts.append(_values(item.names).plain, "bright_black")
            name = "" if n else f"{tag.name} {tag.version}"
            rows.append(((name, visible(item.key)), texts, (stale,)))
    if rows:
        rows.append((("read as", ""), _values(inspection.genres), ("",)))
    for tag in inspection.tags:
        for place, names in tag.fields.items():
            rows.append(((tag.name, place), _values([one[:_MOST_SHOWN] for one in names]), ("",)))
    return _list(rows, is_wide) if rows else "no genre"


def _players(inspection: Inspection, is_wide: bool) -> RenderableType:
    """List what players show; those that show the same share a line."""
    same: dict[tuple[str, ...], list[str]] = {}
    for player in PLAYERS:
        genres = player.shows(inspection.container or "", inspection.tags)
        same.setdefault(genres, []).append(player.name)
    rows: list[_Row] = []
    for genres, names in same.items():
        rows.append(((", ".join(names),), _values(genres) if genres else Text("nothing"), ()))
    return _list(rows, is_wide)


def _list(rows: Iterable[_Row], is_wide: bool) -> RenderableType:
    """Lay out values beside their labels, or below them."""
    if is_wide:
        table = _grid()
        for before, value, after in rows:
            table.add_row(*map(Text, before), value, *after)
        return table
    lines: list[RenderableType] = []
    for before, value, after in rows:
        lines.append(Text("  ".join(filter(None, before + after))))
        lines.append(Padding(value, (0, 0, 0, _INDENT)))
    return Group(*lines)


def _top_genres(
    genres: Sequence[ScoredGenre],
    threshold: float | None,
    colours: Mapping[str, str],
    room: int,
    pen: Pen,
) -> RenderableType:
    """Draw scores, with a line at the threshold if they decide."""
    if not genres:
        return "nothing but silence"
    rows = _grid()
    width = _bar_width(room - max(cell_len(visible(genre.name)) for genre in genres) - 7)
    for genre in genres:
        bar = (pen.bar(genre.score, width, threshold), colours.get(genre.name, ""))
        rows.add_row(_safe(genre.name), Text.assemble(format_percent(genre.score), " ", bar))
    return rows


def _unit(
    inspection: Inspection, decision: Decision, unit: Unit, room: int, pen: Pen
) -> Iterator[tuple[str, RenderableType]]:
    """Yield the scores of a unit, the decision, and what each of its tracks says about it."""
    follows, colours = decision.genres == unit.genres, _colours(inspection)
    limit = decision.threshold if follows else None
    yield unit.kind, _safe(f"{unit.name}, {unit.tracks} tracks")
    yield "", _top_genres(unit.genres[:_TOP_OF_UNIT], limit, colours, room, pen)
    if not follows:
        genres = decision.genres[:_TOP_OF_UNIT]
        yield "combined", _top_genres(genres, decision.threshold, colours, room, pen)
    yield "", _explain(decision, inspection)
    yield "tracks", _members(decision, room)


def _explain(decision: Decision, inspection: Inspection) -> Text:
    """Say whether a track of a unit gets a genre, and by what."""
    limit = f"{decision.threshold:.2f}"
    text = f"unsure, the best score is below {limit}, so scan writes nothing"
    reaches = _reason(decision.family, limit)
    if decision.names:
        names = _values(decision.names).plain
        writes = (
            f"would write {names} if it had no genre" if inspection.genres else f"writes {names}"
        )
        text = f"sure, {reaches}, so scan {writes}"
    return Text(f"{_SOURCES[decision.source]}: {text}")


def _members(decision: Decision, room: int) -> RenderableType:
    """List the tracks of a unit, with a sign for those that agree with the decision or do not.

    A path that does not fit beside the rest stands below it.
    """
    votes = [decision.agrees(member) for member in decision.members]
    decided = decision.best.name if decision.best else "silence"
    lines: list[RenderableType] = [
        _safe(f"+ {votes.count(True)} for {decided}, - {votes.count(False)} against")
    ]
    shown = decision.members[:_MOST_MEMBERS]
    folder = common_folder(member.path for member in shown)
    width = min(max(cell_len(_vote(member)) for member in shown), room // 2)
    for member, vote in zip(shown, votes, strict=False):
        genre = _vote(member)
        score = "" if member.score is None else format_percent(member.score)
        line = Text.assemble(_SIGNS[vote], genre, " " * (width - cell_len(genre)), f" {score:4}  ")
        path = Text("this file" if member.is_own else relative_path(member.path, folder))
        if line.cell_len + path.cell_len <= room:
            lines.append(line + path)
        else:
            path.overflow = "fold"
            lines += [line, Padding(path, (0, 0, 0, 2 * _INDENT))]
    if hidden := len(decision.members) - len(shown):
        lines.append(Text(f"and {hidden} more", "bright_black"))
    return Group(*lines)


def _vote(member: Member) -> str:
    """Format what a track says: its best genre, or what a person gave it."""
    if member.given:
        return f"{_values(member.given).plain} (given)"
    return member.genre or "silence"


def _decision(inspection: Inspection) -> str:
    """Say whether a track by itself gets a genre."""
    if inspection.best is None:
        return "unsure: scan writes nothing"
    limit = f"{inspection.threshold:.2f}"
    text = f"unsure: the best score is below {limit}, so scan writes nothing"
    if inspection.is_sure:
        text = f"sure: {_reason(inspection.family, limit)}"
    return text


def _reason(family: ScoredGenre | None, limit: str) -> str:
    """Say what reaches the threshold: the best score, or the sum of a family's."""
    if family is None:
        return f"the best score reaches {limit}"
    total = format_percent(family.score).strip()
    return f"no genre reaches {limit}, but those of {visible(family.name)} do together ({total})"


def _colours(inspection: Inspection) -> dict[str, str]:
    """Return the colours of the file's top genres, or of its unit's if the file is silent.

    A genre has one colour in all parts of the page.
    """
    unit = inspection.decision.genres if inspection.decision else ()
    ranked = inspection.timeline.prediction.genres or unit
    return dict(zip((genre.name for genre in ranked), COLOURS, strict=False))


def _scores(inspection: Inspection) -> dict[str, list[float]]:
    """Return the scores of windows for those top genres that any window scores high."""
    timeline = inspection.timeline
    best = [genre.name for genre in timeline.prediction.genres[:TOP_GENRES]]
    scores = {name: timeline.scores[:, timeline.genres.index(name)].tolist() for name in best}
    return {n: each for n, each in scores.items() if n == best[0] or max(each) >= _LEAST_SCORE}


def _over_time(inspection: Inspection, names: int, lane: Lane, pen: Pen) -> RenderableType:
    rows = _grid(names)
    starts = [format_time(excerpt.start_s) for excerpt in inspection.timeline.excerpts]
    rows.add_row("", Text(lane.ruler(starts), "bright_black"))
    colours = _colours(inspection)
    for name, scores in _scores(inspection).items():
        line = lane.line([[score] for score in scores], pen)
        rows.add_row(name, Text(line, colours[name], no_wrap=True))
    return rows


def _effects(inspection: Inspection, names: int, lane: Lane, pen: Pen) -> RenderableType:
    best = inspection.best.name if inspection.best else ""
    worth = [[effect.worth for effect in window] for window in inspection.effects]
    most = max(_LEAST_WORTH, *map(abs, chain.from_iterable(worth)))
    rows = _grid(names)
    for label, sign, colour in (("speaks for", 1, FOR), ("against", -1, AGAINST)):
        heights = [[max(0.0, sign * part / most) for part in window] for window in worth]
        line = lane.line(heights, pen)
        rows.add_row(label, Text(line, colour, no_wrap=True))
    note = f"loss of {best} without each second; full: {most:.2f}"
    rows.add_row("", Text(note, "bright_black"))
    return rows


def _octaves(inspection: Inspection, names: int, room: int, pen: Pen) -> RenderableType:
    rows = _grid(names)
    width = _bar_width(room - names - len("+0.00 against") - 2)
    for band, worth in inspection.octaves:
        bar = pen.bar(abs(worth), width)
        worth = round(worth, 2) or 0.0  # no minus before a zero
        side, colour = ("for", FOR) if worth >= 0 else ("against", AGAINST)
        name = f"{band.low_hz:g}-{band.high_hz:g} Hz"
        rows.add_row(name, f"{worth:+.2f} {side if worth else '':<7}", Text(bar.rstrip(), colour))
    return rows


def _bar_width(room: int) -> int:
    return max(_LEAST_BAR_WIDTH, min(_BAR_WIDTH, room))


def _values(texts: Sequence[str]) -> Text:
    """Format several values; one that looks like several is quoted."""
    shown = (f'"{text}"' if _SEPARATORS & {*text} else text for text in texts)
    return _safe(" | ".join(shown))


def _safe(text: str) -> Text:
    """Return text from a file in which neither control characters nor markup act."""
    return Text(visible(text), overflow="fold")


def _grid(first: int | None = None) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    if first is not None:
        grid.add_column(width=first - 2, no_wrap=True)
    return grid
