"""The command `genretag review`."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genretag.cli.finding import FindingOptions
from genretag.cli.options import (
    InferenceOptions,
    OutputOptions,
    TaggingOptions,
    UnitOptions,
    WritingOptions,
    in_output,
)
from genretag.cli.session import open_session
from genretag.option_groups import with_options

if TYPE_CHECKING:
    from genretag.cli.session import Session
    from genretag.domain.genre import Names
    from genretag.domain.review import ReviewItem
    from genretag.inference.session import Model
    from genretag.library.decisions import Decisions
    from genretag.pipeline.review import Review


@dataclass(frozen=True)
class _Found:
    """The items that wait for a decision.

    Attributes:
        items: in the order in which they are shown.
        names: genres that a person may type, those of the library first.
        model: for timelines.
        coverage: the same.
    """

    items: "tuple[ReviewItem, ...]"
    names: "Names"
    model: "Model"
    coverage: str


@with_options(
    without=(
        "policy", "top_k", "max_genres", "field", "by", "evidence", "force", "plan", "verbose",
        "format", "file", "batch_size", "engine", "ray_address",
    )
)  # fmt: skip
def review(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH...]",
            help="Files and folders.",
            show_default="the folder of the last scan in genretag history",
        ),
    ] = None,
    *,
    plain: Annotated[
        bool,
        in_output("--plain", help="Ask line by line: for screen readers and simple terminals."),
    ] = False,
    tagging: TaggingOptions,
    units: UnitOptions,
    writing: WritingOptions,
    inference: InferenceOptions,
    finding: FindingOptions,
    output: OutputOptions,
) -> None:
    """Decide yourself what is unsure, or contradicts its tags, album by album.

    All files under PATH are analysed, as far as they are not cached. First come the albums where
    one decision settles most tracks. Each decision is kept at once, and the next review goes on
    from there. At the end you see what will be written and are asked; undo takes it back. What you
    decide here no scan changes, and [bold]learn[/] learns from it.

    [bold]Examples[/]

    [cyan]genretag review ~/Music[/]

    [cyan]genretag review --plain ~/Music[/]  asks line by line
    """
    from contextlib import ExitStack

    from genretag.library.decisions import open_decisions
    from genretag.library.paths import data_dir
    from genretag.pipeline.review import Review

    if not plain:
        _check_screen()
    paths = paths or [_find_last_scan()]
    with ExitStack() as stack:
        decisions = stack.enter_context(open_decisions(data_dir()))
        _forget_done(decisions)
        with open_session(inference) as session:
            found = _find_items(
                context, paths, session, tagging, units, inference, finding, decisions
            )
        if not found.items:
            typer.echo("Nothing waits for a decision there.", err=True)
            raise typer.Exit(0)
        decided = Review(found.items, decisions)
        _ask(decided, found, plain)
        code = _write(context, decided, tagging, writing, output)
    raise typer.Exit(code)


def _check_screen() -> None:
    """Raise an error unless there is a terminal, and what draws on it."""
    import os
    import sys
    from importlib.util import find_spec

    from genretag.errors import Code, ExtraMissingError, UsageError

    is_simple = os.environ.get("TERM") == "dumb"
    if is_simple or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            Code.BAD_OPTION,
            "The screen of a review needs a terminal that can draw one",
            "Use --plain, which asks line by line, or `genretag scan --unsure FILE.csv`.",
        )
    if find_spec("textual") is None:
        raise ExtraMissingError("The screen of a review, which --plain does without,", "review")


def _find_last_scan() -> Path:
    """Return the folder of the last scan that wrote something.

    Raises:
        UsageError: `bad-option`, there was none.
    """
    from contextlib import closing

    from genretag.errors import Code, UsageError
    from genretag.library.journal import Journal
    from genretag.library.paths import data_dir

    with closing(Journal(data_dir())) as journal:
        runs = [run for run in journal.history() if run.command == "scan" and run.folder]
    if not runs or runs[-1].folder is None:
        raise UsageError(
            Code.BAD_OPTION, "PATH is missing", "Name the folder of your music, or scan it first."
        )
    return runs[-1].folder


def _find_items(
    context: typer.Context,
    paths: list[Path],
    session: "Session",
    tagging: TaggingOptions,
    units: UnitOptions,
    inference: InferenceOptions,
    finding: FindingOptions,
    decisions: "Decisions",
) -> _Found:
    """Analyse all files, and find what waits for a decision or was left by an earlier review."""
    from genretag.cli.display import Display
    from genretag.cli.policy import make_policy
    from genretag.cli.units import open_units
    from genretag.domain.contradiction import list_units
    from genretag.domain.naming import find_spellings
    from genretag.domain.review import list_items
    from genretag.domain.selection import Selection
    from genretag.pipeline.report import collect_entries, make_rules
    from genretag.pipeline.scan import decide_files
    from genretag.report.paths import common_folder

    files = finding.find(paths)
    display = Display(lambda: files.found, common_folder(paths))
    predictor = session.predictor(display.warn)
    policy = make_policy(context, tagging, predictor.loaded)
    with (
        display,
        open_units(units, predictor.loaded, policy.naming) as unit_settings,
        predictor.cache() as cache,
        predictor.analyses(files, Selection(video=finding.video), cache) as analyses,
    ):
        decided = decide_files(display.watch(analyses), policy, unit_settings)
        found = collect_entries(display.show_analyses(decided), policy, unit_settings)
        judged = list_units(found.albums, found.entries, make_rules(policy, unit_settings), least=1)
    given = [entry.genres for entry in found.entries]
    naming = policy.naming.with_spellings(find_spellings(given, policy.naming, policy.placeholders))
    counted = Counter(name for genres in given for name in genres)
    names = dict.fromkeys(
        (*(name for name, _ in counted.most_common()), *(one.name for one in naming.taxonomy))
    )
    items = list_items(
        judged, found.entries, naming, lambda path: path.absolute() in decisions.genres
    )
    return _Found(items, tuple(names), predictor.loaded, inference.coverage)


def _forget_done(decisions: "Decisions") -> None:
    """Forget the decisions that are carried out, by a review that was killed then as well."""
    from genretag.cli.units import open_origins

    with open_origins() as find_origin:
        kept = decisions.genres.items()
        done = [path for path, genres in kept if find_origin(path).decided == genres]
    if done:
        decisions.forget(done)


def _ask(review: "Review", found: _Found, plain: bool) -> None:
    """Let a person decide.

    Raises:
        KeyboardInterrupt: the person wants to end at once.
    """
    from genretag.cli.review.plain import review_plainly
    from genretag.report.wording import CALIBRATE, note_uncalibrated

    manifest = found.model.manifest
    note = "" if manifest.is_calibrated else f"{note_uncalibrated(manifest.name)} {CALIBRATE}"
    try:
        if plain:
            review_plainly(review, note=note)
        else:
            _show_screen(review, found, note)
    except KeyboardInterrupt:
        typer.echo("Interrupted; your decisions are kept for the next review.", err=True)
        raise


def _show_screen(review: "Review", found: _Found, note: str) -> None:
    import sys
    from functools import partial

    from rich.console import Console

    from genretag.cli.review.screen import ReviewApp
    from genretag.library.interrupt import deferred
    from genretag.pipeline.windows import timeline
    from genretag.report.blocks import Pen

    find_timeline = partial(timeline, model=found.model, coverage=found.coverage)
    pen = Pen.of(Console(file=sys.stdout))
    with deferred():  # the screen asks for it: amid its tasks it would tear them
        if not ReviewApp(review, found.names, find_timeline, pen, note).run():
            raise KeyboardInterrupt


def _write(
    context: typer.Context,
    review: "Review",
    tagging: TaggingOptions,
    writing: WritingOptions,
    output: OutputOptions,
) -> int:
    """Show what is decided, ask and write it; return the exit code."""
    from dataclasses import replace

    from genretag.cli.by_hand import write_decided
    from genretag.cli.command_line import format_command
    from genretag.cli.display import Display
    from genretag.cli.units import open_origins
    from genretag.pipeline.by_hand import plan_decisions
    from genretag.report.paths import common_folder
    from genretag.report.wording import WRITING

    decisions = tuple(review.list_decisions())
    genres = {path: one.genres for one in decisions for path in one.paths}
    folder = common_folder(genres)
    words = replace(WRITING, nothing="Nothing was decided.")
    again = format_command(context)
    display = Display(lambda: len(genres), folder, words, output, again)
    with display, open_origins() as find_origin:
        planned = plan_decisions(decisions, tagging.layout, find_origin)
        write_decided(context, display, planned, "review", folder, writing)
    _forget_done(review.decisions)
    if any(map(review.find_genres, genres)):
        typer.echo("What was not written is kept for the next review.", err=True)
    return display.exit_code
