"""`genretag watch`: keep folders tagged as files come."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from genretag.cli.finding import FindingOptions, in_finding
from genretag.cli.options import (
    AndDefaultOption,
    DryRunOption,
    InferenceOptions,
    OutputOptions,
    TaggingOptions,
    UnitOptions,
    WritingOptions,
    in_output,
)
from genretag.cli.planning import Planner
from genretag.cli.session import open_session
from genretag.option_groups import with_options

if TYPE_CHECKING:
    from genretag.cli.display import Display
    from genretag.domain.naming import Spellings
    from genretag.domain.outcome import Outcome
    from genretag.domain.tagging import TagPolicy
    from genretag.pipeline.survey import Survey

_SPELLINGS_S = 86400.0


@with_options(without=("plan", "yes", "engine", "ray_address", "format", "file"))
def watch(
    context: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(help="Folders.", metavar="PATH...", show_default=False)
    ],
    *,
    dry_run: DryRunOption = False,
    tagging: TaggingOptions,
    writing: WritingOptions,
    and_default: AndDefaultOption = False,
    units: UnitOptions,
    inference: InferenceOptions,
    finding: FindingOptions,
    settle_s: Annotated[
        float,
        in_finding(
            "--settle",
            min=0.1,
            metavar="SECONDS",
            help="Wait until nothing has changed in an album for so many seconds.",
        ),
    ] = 60.0,
    poll_s: Annotated[
        float | None,
        in_finding(
            "--poll",
            min=0.1,
            metavar="SECONDS",
            help="Look at all files every so many seconds, where the system does not tell of "
            "changes: network shares, and folders of the host in a container.",
            show_default="60 on network shares, which are recognised on Linux",
        ),
    ] = None,
    output: OutputOptions,
    format_: Annotated[
        Literal["human", "jsonl"],
        in_output("--format", help="Lines to read, or data for scripts."),
    ] = "human",
) -> None:
    """Write genres into the files under PATH, and from then on into each album that comes.

    It does what [bold]scan --quiet[/] does, with the same options: first with all files, of which
    those that nobody has touched cost nothing, then with each album in which nothing has changed
    for a while. It prints a line for each change, and asks nothing. What comes together is one
    run in [bold]genretag history[/], and one [bold]genretag undo[/] takes it back.

    Ctrl-C or SIGTERM ends it; the latter is no failure.

    [bold]Examples[/]

    [cyan]genretag watch ~/Music[/]

    [cyan]genretag watch --settle 300 --format jsonl ~/Music >> changes.jsonl[/]

    [cyan]genretag watch --poll 600 /mnt/nas/music[/]  looks every ten minutes
    """
    from genretag.library import interrupt

    try:
        with interrupt.deferred():
            from genretag.pipeline.watch import Watcher

            roots = _find_roots(paths)
            by_artist = units.by == "artist"
            watcher = Watcher(roots, finding.walk, settle_s, poll_s, by_artist, _log)
            planner = Planner(context, tagging, units, inference, finding.video, and_default)
            shown = replace(output, format=format_)
            tagger = _Tagger(planner, writing.keep_mtime, dry_run, finding, roots, shown)
            # Wrong options, and a model that cannot be used, are to be told at once.
            tagger.tag([], watcher.keep)
            _log(f"Watching {', '.join(map(str, roots))}")
            for files in watcher.batches():
                tagger.tag(files, watcher.keep)
    except KeyboardInterrupt:
        if interrupt.was_asked_to_end():
            raise typer.Exit(0) from None
        raise


@dataclass
class _Tagger:
    """Does what a quiet scan does, with one batch of files after another."""

    planner: Planner
    keep_mtime: bool
    dry_run: bool
    finding: FindingOptions
    roots: list[Path]
    output: OutputOptions
    spellings: "Spellings | None" = None
    asked_s: float = -inf
    is_noted: bool = False

    def tag(self, files: "Iterable[Path | Outcome]", keep: Callable[[Path], None]) -> None:
        """Write what is decided for `files` as a run of its own; `keep` is told of each write."""
        with open_session(self.planner.inference) as session:
            from genretag.cli.writing import write_genres
            from genretag.report.paths import common_folder
            from genretag.report.wording import CALIBRATE, note_uncalibrated

            folder = common_folder(self.roots)
            display = _make_display(keep, folder, self.output)
            start_survey = self._start_survey if files else lambda policy: None
            with self.planner.plan(session, display, files, start_survey) as plan:
                if plan.uncalibrated and not self.is_noted:
                    self.is_noted = True
                    _log(f"{note_uncalibrated(plan.uncalibrated)} {CALIBRATE}")
                if self.dry_run:
                    display.show(plan.outcomes)
                else:
                    context = self.planner.context
                    write_genres(context, display, plan, self.roots, False, self.keep_mtime)

    def _start_survey(self, policy: "TagPolicy") -> "Survey | None":
        """Return how the library spells genres; asked once a day, as that takes long."""
        from genretag.cli.policy import start_survey
        from genretag.library.prefetch import Prefetch

        if time.monotonic() - self.asked_s > _SPELLINGS_S:
            self.asked_s = time.monotonic()
            files = self.finding.walk.files([root for root in self.roots if root.exists()])
            survey = start_survey(files, policy, self.planner.inference.no_cache)
            self.spellings = next(survey) if survey else None
        return None if self.spellings is None else Prefetch([self.spellings])


def _make_display(
    keep: Callable[[Path], None], folder: Path | None, output: OutputOptions
) -> "Display":
    from genretag.cli.quiet import QuietDisplay
    from genretag.domain.outcome import Tagged
    from genretag.pipeline.recall import is_momentary

    class BatchDisplay(QuietDisplay):
        """Leaves out files that are changing just now: they come again, or are gone."""

        def _count(self, outcomes: "Iterable[Outcome]") -> "Iterator[Outcome]":
            lasting = (outcome for outcome in outcomes if not is_momentary(outcome))
            for outcome in super()._count(lasting):
                if isinstance(outcome, Tagged):
                    keep(outcome.path)
                yield outcome

    return BatchDisplay(lambda: 0, folder, output=output)


def _find_roots(paths: list[Path]) -> list[Path]:
    """Return the folders as absolute paths, each once.

    Raises:
        UsageError: `not-found`, there is no such folder; `bad-option`, it is none.
    """
    from genretag.errors import Code, UsageError

    for path in paths:
        if not os.path.lexists(path):
            raise UsageError(Code.NOT_FOUND, f"{path}: no such folder", "Check the spelling.")
        if not path.is_dir():
            raise UsageError(Code.BAD_OPTION, f"{path}: it is no folder", "Name its folder.")
    return list(dict.fromkeys(path.absolute() for path in paths))


def _log(message: str) -> None:
    from genretag.report.text import visible

    typer.echo(visible(message), err=True)
