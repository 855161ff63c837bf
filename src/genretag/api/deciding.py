"""Decides what to write into files, with the stages of `genretag scan`."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from genretag import tags
from genretag.api.arguments import Coverage, Policy, StrPath
from genretag.api.results import Decision, Failed
from genretag.api.track import Track
from genretag.domain import outcome, track
from genretag.domain.analysis import Analysis
from genretag.domain.manifest import ModelManifest
from genretag.domain.placeholder import parse_placeholders
from genretag.domain.selection import Selection
from genretag.domain.tagging import TagPolicy, selection
from genretag.domain.unit import UnitKind
from genretag.errors import Code, FileError, UsageError, Warn
from genretag.executors.threads import ThreadExecutor
from genretag.inference.session import Model
from genretag.library import maps, paths
from genretag.library.cache import Cache
from genretag.library.resources import count_cores
from genretag.pipeline.analyse import analyse, contain_errors
from genretag.pipeline.decide import decide, keep_decided
from genretag.pipeline.group import Batch
from genretag.pipeline.recall import PredictionCache
from genretag.pipeline.scan import predict_files
from genretag.pipeline.settings import AnalysisSettings
from genretag.pipeline.units import open_units

OnDevice = Callable[[Callable[[Model], Analysis]], Analysis]
"""Calls a function with the model that is loaded; on the CPU, if its device fails."""


def make_policy(
    manifest: ModelManifest,
    mode: Policy,
    threshold: float | None,
    top_k: int,
    max_genres: int,
    only: StrPath | Iterable[str] | None,
    genre_map: StrPath | None,
) -> TagPolicy:
    """Return what to write into files for the genres of a model; UsageError as `Tagger.decide`."""
    genres = manifest.genres
    names = maps.read(None if genre_map is None else Path(genre_map), genres)
    own = (manifest.threshold, manifest.unit_threshold)
    by_track, by_unit = own if threshold is None else (threshold, threshold)
    try:
        return TagPolicy(
            mode=mode,
            threshold=by_track,
            unit_threshold=by_unit,
            top_k=top_k,
            is_multilabel=manifest.is_multilabel,
            max_genres=max_genres,
            naming=maps.make_naming(
                names, manifest, os.fspath(only) if isinstance(only, os.PathLike) else only, "only"
            ),
            families=manifest.families,
            placeholders=parse_placeholders(None, genres.known, names),
        )
    except ValueError as error:
        hint = "help(genretag.Tagger.decide) says what is right."
        raise UsageError(Code.BAD_OPTION, str(error), hint) from error


def analyse_tracks(
    tracks: Sequence[Track],
    model: Model,
    file: Path,
    policy: TagPolicy,
    coverage: Coverage,
    jobs: int | None,
    on_device: OnDevice,
    warn: Warn,
) -> list[Analysis]:
    """Return what is known of each track, with a prediction where `policy` needs one.

    Args:
        tracks: files, and what a program knows of them.
        model: the one that is loaded.
        file: where it lies.
        policy: says which tracks are scored.
        coverage: how much of a file is scored.
        jobs: threads; None for one per core.
        on_device: how the model is used in a thread.
        warn: gets a sentence if the cache cannot be used.
    """
    wanted = selection(policy)
    known = [_known(one, wanted) for one in tracks]
    is_known = any(one.genres is not None for one in tracks)
    # What a program says of genres goes before the tags.
    wanted = Selection("any", wanted.placeholders) if is_known else wanted
    settings = AnalysisSettings(file, wanted, coverage=coverage)

    def work(path: Path) -> Analysis:
        with Cache(paths.cache_dir()) as own:  # a database is for the thread that opened it
            own_predictions = PredictionCache.for_model(own, model, coverage)
            return contain_errors(
                path,
                lambda: on_device(
                    lambda loaded: analyse(path, loaded.raw, settings, own_predictions)
                ),
            )

    files = [Path(one.path) for one, found in zip(tracks, known, strict=True) if not found]
    if not files:
        return [found for found in known if found]
    executor = ThreadExecutor(jobs or count_cores())
    with Cache(paths.cache_dir(), warn) as cache:
        predictions = PredictionCache.for_model(cache, model, coverage)
        run = predict_files(files, settings, predictions, executor, model, warn, work)
        with closing(run) as analyses:
            return [
                found or _overlay(one, next(analyses))
                for one, found in zip(tracks, known, strict=True)
            ]


def decide_together(
    analyses: Sequence[Analysis], policy: TagPolicy, by: UnitKind, manifest: ModelManifest
) -> Iterator[Decision | Failed]:
    """Yield what to write into each file; all of them may be of one album, wherever they lie."""
    with open_units(by, manifest, policy.naming, paths.data_dir()) as units:
        batch = Batch(tuple(keep_decided(analyses, policy, units)), units.kind)
        for decided in decide([batch], policy, units):
            yield _result(decided.as_outcome())


def _known(given: Track, wanted: Selection) -> Analysis | None:
    """Return the analysis of a file that has its genres already; None if it must be scored."""
    path = Path(given.path)
    blank = track.Track(path, "")
    if given.genres is None or wanted.exclude(_given(given, blank)) is None:
        return None

    def read() -> Analysis:
        is_complete = None not in (given.artist, given.album_artist, given.album)
        known = _given(given, blank if is_complete else tags.read(path))
        return Analysis(path, known, outcome=wanted.exclude(known))

    return contain_errors(path, read)


def _overlay(given: Track, analysis: Analysis) -> Analysis:
    return replace(analysis, track=analysis.track and _given(given, analysis.track))


def _given(given: Track, known: track.Track) -> track.Track:
    """Return `known` with what a program says of it."""
    genres = (given.genres,) if isinstance(given.genres, str) else given.genres
    said: dict[str, Any] = {
        "genres": None if genres is None else tuple(filter(None, genres)),
        "artist": given.artist,
        "album_artist": given.album_artist,
        "album": given.album,
        "is_compilation": given.is_compilation,
    }
    return replace(known, **{name: value for name, value in said.items() if value is not None})


def _result(decided: outcome.Outcome) -> Decision | Failed:
    if decided.error:
        return Failed(decided.path, cast(FileError, decided.error))
    scored = decided.prediction
    return Decision(
        decided.path,
        decided.before,
        decided.after,
        decided.best.score if decided.best else None,
        decided.source,
        decided.reason,
        tuple((genre.name, genre.score) for genre in scored.genres) if scored else (),
        scored.is_calibrated if scored else True,
    )
