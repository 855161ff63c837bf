"""Makes the policy that options describe, and picks the thresholds that it goes by."""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from genretag.cli.options import TaggingOptions

if TYPE_CHECKING:
    from genretag.domain.outcome import Outcome
    from genretag.domain.places import Routing
    from genretag.domain.tagging import TagPolicy
    from genretag.inference.session import Model
    from genretag.pipeline.survey import Survey


def make_policy(
    context: typer.Context,
    options: TaggingOptions,
    model: "Model",
    other: "Model | None" = None,
) -> "TagPolicy":
    """Return what to write into files for the genres of `model`.

    Maps and lists may name genres of the `other` model as well, which decides with it.

    Raises:
        UsageError: `bad-map`, the file of `--map` is wrong; `bad-option`, the list of `--only` is,
            or a `--field`.
    """
    from genretag.domain.placeholder import parse_placeholders
    from genretag.domain.tagging import TagPolicy
    from genretag.library import maps

    routing = read_routing(options.field or ())
    genres = model.manifest.genres
    also = other.manifest.genres.known if other else ()
    genre_map = maps.read(options.genre_map, genres, also)
    threshold, unit_threshold = choose_thresholds(context, options.threshold, model)
    return TagPolicy(
        mode=options.policy,
        threshold=threshold,
        unit_threshold=unit_threshold,
        top_k=options.top_k,
        is_multilabel=model.manifest.is_multilabel,
        max_genres=options.max_genres,
        naming=replace(
            maps.make_naming(genre_map, model.manifest, options.only, "--only", also),
            # Where families have a place of their own, they are there.
            adds_parents=options.parents and not routing.splits,
            broad=options.broad,
        ),
        families=model.manifest.families,
        broader=genres.families,
        placeholders=parse_placeholders(options.placeholder, genres.known, genre_map),
        layout=options.layout,
        routing=routing,
    )


def read_routing(texts: Iterable[str]) -> "Routing":
    """Return the places that `--field` names; UsageError `bad-option` if one is wrong."""
    from genretag.domain.places import parse_routing
    from genretag.errors import Code, UsageError

    try:
        return parse_routing(texts)
    except ValueError as error:
        raise UsageError(
            Code.BAD_OPTION,
            f"--field: {error}",
            "Write it as --field style=style, --field family=grouping or --field style=TXXX:NAME.",
        ) from error


def start_survey(
    files: "Iterable[Path | Outcome]", policy: "TagPolicy", no_cache: bool
) -> "Survey | None":
    """Start to find out how `files` spell genres; None where a whitelist says how."""
    from genretag.library.paths import cache_dir, data_dir
    from genretag.pipeline import survey

    if policy.naming.only is not None:
        return None
    return survey.start_survey(files, policy, None if no_cache else cache_dir(), data_dir())


def choose_thresholds(
    context: typer.Context, given: float | None, model: "Model"
) -> tuple[float, float]:
    """Return the scores in [0, 1] from which a genre of `model` is written: by track, by unit.

    Both are what a person gives, else what `evaluate --save` saved for this very model, else
    each is the model's own, or that of its calibration; one that is neither on the command line
    nor the model's own is announced, once, unless with --quiet.
    """
    from genretag.cli import config, group
    from genretag.library import paths

    if given is not None:
        origin = group.find_origin(context, "threshold")
        if origin:
            _announce(context, given, origin)
        return given, given
    file = config.read(paths.config_file())
    saved = (file.thresholds or {}).get(model.identity)
    if saved is None or model.calibration:  # which was saved later, and made other scores
        return model.manifest.threshold, model.manifest.unit_threshold
    _announce(context, saved, f"{config.shorten(file.path)}, saved there for this model")
    return saved, saved


@cache
def _announce(context: typer.Context, threshold: float, origin: str) -> None:
    from genretag.report.text import visible

    if not context.params.get("quiet"):
        typer.echo(visible(f"Threshold {threshold:.2f} from {origin}."), err=True)
