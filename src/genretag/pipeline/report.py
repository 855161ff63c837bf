"""Puts together what a report shows of a library; nothing is written into its files."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genretag.domain.analysis import Analysis
from genretag.domain.genre import fold_name
from genretag.domain.genre_map import GenreMap
from genretag.domain.library import Library, LibraryEntry, select_interesting
from genretag.domain.outcome import Skipped
from genretag.domain.prediction import Prediction
from genretag.domain.projection import project_to_plane
from genretag.domain.tagging import TagPolicy, select_confident
from genretag.domain.timeline import Timeline
from genretag.errors import FileError
from genretag.inference.session import DeviceError, Model
from genretag.pipeline.windows import timeline

_FEWEST_POINTS = 3


def collect_entries(
    analyses: Iterable[Analysis], policy: TagPolicy
) -> tuple[list[LibraryEntry], int]:
    """Return an entry for each file that is shown, and how many are not.

    Args:
        analyses: decided by `policy`, and scored whether the files have a genre or not.
        policy: how `scan` would tag them.
    """
    entries = []
    skipped = 0
    for analysis in analyses:
        outcome, track = analysis.as_outcome(), analysis.track
        if isinstance(outcome, Skipped):
            skipped += 1
            continue
        prediction = outcome.prediction
        entries.append(
            LibraryEntry(
                outcome,
                (track and track.title) or outcome.path.name,
                track.artist if track else "",
                policy.real(outcome.before),
                _names(prediction, policy.genre_map),
                outcome.after,
                bool(prediction and select_confident(prediction, policy)),
            )
        )
    return entries, skipped


def build_library(
    roots: Sequence[Path],
    found: tuple[Sequence[LibraryEntry], int],
    policy: TagPolicy,
    model: Model,
    coverage: str,
) -> Library:
    """Return the whole report; the most interesting tracks are scored again, window by window."""
    entries, skipped = found
    return Library(
        roots=tuple(roots),
        made=datetime.now(UTC).astimezone(),
        model=model.identity,
        genres=model.manifest.genres.names,
        placeholders=policy.placeholders,
        mode=policy.mode,
        threshold=policy.threshold,
        entries=tuple(entries),
        skipped=skipped,
        points=_map_points(entries),
        timelines=tuple(_timelines(entries, model, coverage)),
    )


def _names(prediction: Prediction | None, genre_map: GenreMap) -> tuple[str, ...]:
    """Return all that the best genre is called: by the map, and by whoever uses its aliases."""
    if not prediction or not prediction.genres:
        return ()
    best = prediction.genres[0].name
    names = (best, *genre_map.names(best))
    known = set(map(fold_name, names))
    return (*names, *(alias for alias, to in genre_map.aliases.items() if fold_name(to) in known))


def _map_points(entries: Sequence[LibraryEntry]) -> NDArray[np.float64]:
    """Place each entry on the map; return [n_entries, 2]."""
    places = np.full((len(entries), 2), np.nan)
    embedded = [
        (n, entry.outcome.prediction.embedding)
        for n, entry in enumerate(entries)
        if entry.outcome.prediction
        and len(entry.outcome.prediction.embedding)
        and np.isfinite(entry.outcome.prediction.embedding).all()
    ]
    if len(embedded) >= _FEWEST_POINTS:
        places[[n for n, _ in embedded]] = project_to_plane(
            np.stack([point for _, point in embedded])
        )
    return places


def _timelines(
    entries: Sequence[LibraryEntry], model: Model, coverage: str
) -> Iterable[tuple[int, Timeline]]:
    for n in select_interesting(entries):
        # Somebody took it away meanwhile, or the device has gone: a page may lack it.
        with suppress(FileError, DeviceError):
            track = timeline(entries[n].outcome.path, model, coverage)
            if track.excerpts:  # nobody made it silent meanwhile
                # No page shows what the model got, and of a long track it is much.
                yield n, replace(track, mels=np.zeros((0, 0, 0), np.float32))
