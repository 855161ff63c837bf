"""Counts the files of each genre for a page."""

from collections import Counter

from genretag.domain.genre import fold_name
from genretag.domain.library import Library
from genretag.domain.placeholder import drop_placeholders
from genretag.report.page.text import cut

NO_GENRE = "no genre"
_MOST_GENRES = 500


def count_genres(library: Library) -> list[tuple[str, int, int]]:
    """Count files by genre before and after, the commonest first, then the rest.

    Failed files are left out, their genres are not known; placeholders are no genres.
    """
    entries = [entry for entry in library.entries if entry.outcome.status != "failed"]
    spelled: dict[str, str] = {}  # as most files write it
    spellings = Counter(name for entry in entries for name in entry.genres)
    for name, _ in spellings.most_common():
        spelled.setdefault(fold_name(name), name)

    def counted(genres: tuple[str, ...]) -> set[str]:
        return {spelled.setdefault(fold_name(name), name) for name in genres} or {NO_GENRE}

    before = Counter(name for entry in entries for name in counted(entry.genres))
    after = Counter(
        name
        for entry in entries
        for name in counted(drop_placeholders(entry.after, library.placeholders))
    )
    order = sorted(before | after, key=lambda name: (-max(before[name], after[name]), name))
    shown, rest = order[:_MOST_GENRES], order[_MOST_GENRES:]
    rows = [(cut(name), before[name], after[name]) for name in shown]
    if rest:
        others = (sum(counts[name] for name in rest) for counts in (before, after))
        rows.append((f"{len(rest)} others", *others))  # type: ignore[arg-type]
    return rows
