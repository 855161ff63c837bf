"""Renders what waits for a person's decision, for a screen and for lines of text."""

from collections.abc import Mapping, Sequence

from rich.text import Text

from genretag.domain.library import Reason
from genretag.domain.prediction import ScoredGenre
from genretag.domain.review import ReviewItem, ReviewTrack
from genretag.domain.timeline import Timeline
from genretag.report.blocks import Lane, Pen
from genretag.report.text import format_percent, format_time, visible

REASONS: Mapping[Reason, str] = {
    "tags": "its tracks have different genres",
    "sound": "its sound says another genre than its tags",
    "apart": "a track keeps another genre than the others",
    "below": "its best genre is just below the threshold",
    "close": "two genres score nearly the same",
    "unsure": "no genre scores enough",
}

_BAR = 20
_LEAST_SCORE = 0.1


def format_why(item: ReviewItem) -> str:
    """Say why a person should decide, or that this was done."""
    return "; ".join(REASONS[reason] for reason in item.reasons) or "decided in an earlier review"


def format_tracks(count: int) -> str:
    """Format a number of tracks.

    >>> format_tracks(1), format_tracks(2)
    ('1 track', '2 tracks')
    """
    return f"{count} track{'' if count == 1 else 's'}"


def format_present(item: ReviewItem) -> str:
    """Say which genres the tracks of an album have now, those to decide and the others."""
    if not item.present:
        return "no genre yet"
    shown = (f"{visible('; '.join(names))} ({count})" for names, count in item.present)
    return f"has {', '.join(shown)}"


def mark(is_decided: bool, pen: Pen) -> str:
    """Return the sign of what is decided."""
    return ("✓" if pen.blocks else "x") if is_decided else " "


def format_best(genres: Sequence[ScoredGenre]) -> str:
    """Format the first of some genres and its score; that there is silence if there is none.

    >>> format_best([ScoredGenre("Jazz", 0.456)]), format_best([])
    ('Jazz 46%?', 'silent')
    """
    best = next(iter(genres), None)
    return f"{visible(best.name)} {format_percent(best.score).strip()}?" if best else "silent"


def format_guess(item: ReviewItem) -> str:
    """Format the best guess and its score, or say that there is none."""
    return format_best(item.guesses) if item.guesses or item.is_silent else "no guess"


def format_no_guess(item: ReviewItem) -> str:
    """Say why there is no guess."""
    return "nothing but silence" if item.is_silent else "no guess that may be written"


def format_track(track: ReviewTrack) -> str:
    """Format the genres that a track has, and its best one by its own sound."""
    return ", ".join(filter(None, (visible("; ".join(track.before)), format_best(track.genres))))


def render_guesses(item: ReviewItem, pen: Pen) -> Text:
    """Render the guesses with their numbers, bars and scores, a line each."""
    if not item.guesses:
        return Text(f"There is {format_no_guess(item)}.")
    width = max(len(visible(one.name)) for one in item.guesses)
    lines = (
        f"{number} {visible(one.name):<{width}} {format_percent(one.score)} "
        f"{pen.bar(one.score, _BAR)}".rstrip()
        for number, one in enumerate(item.guesses, start=1)
    )
    return Text("\n".join(lines))


def render_timeline(timeline: Timeline, room: int, pen: Pen) -> Text:
    """Render how the scores of the best genres change over a track, in `room` columns."""
    if not timeline.excerpts:
        return Text("This track is silent.")
    best = [genre.name for genre in timeline.prediction.genres[:3]]
    width = max(map(len, best))
    lane = Lane(len(timeline.excerpts), max(room - width - 1, 1))
    starts = [format_time(excerpt.start_s) for excerpt in timeline.excerpts]
    lines = [f"{'':<{width}} {lane.ruler(starts)}"]
    for name in best:
        scores: Sequence[float] = timeline.scores[:, timeline.genres.index(name)].tolist()
        if name == best[0] or max(scores) >= _LEAST_SCORE:
            lines.append(f"{name:<{width}} {lane.line([[score] for score in scores], pen)}")
    return Text("\n".join(lines), no_wrap=True)
