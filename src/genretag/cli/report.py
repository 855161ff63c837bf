"""`genretag report`: a page about a library."""

from pathlib import Path
from typing import Annotated

import typer

from genretag.cli.finding import FindingOptions, PathsArgument
from genretag.cli.options import InferenceOptions, TaggingOptions, UnitOptions, in_output
from genretag.cli.output import refuse_music, translate_errors
from genretag.cli.session import open_session
from genretag.option_groups import with_options


@with_options(
    without=("for_player", "id3", "fix_stale", "field", "batch_size", "engine", "ray_address")
)
def report(
    context: typer.Context,
    paths: PathsArgument,
    *,
    output: Annotated[
        Path,
        in_output(
            "--output",
            "-o",
            metavar="FILE.html",
            dir_okay=False,
            help="The page to write.",
            show_default=False,
        ),
    ],
    tagging: TaggingOptions,
    units: UnitOptions,
    inference: InferenceOptions,
    finding: FindingOptions,
) -> None:
    """Write a page about the music under PATH: genres before and after, albums, doubts, a map.

    All files are analysed, also those that have a genre, and none is changed. The page shows what
    [bold]scan[/] would do with the same options, and what to decide, by album. Your decisions go
    from the page into a table, which [bold]genretag apply[/] carries out. The page is one file
    that needs no network.

    [bold]Examples[/]

    [cyan]genretag report ~/Music -o music.html[/]

    [cyan]genretag apply decisions.csv[/]  writes what you decided in the page
    """
    refuse_music(output)
    _refuse_no_room(output)
    with open_session(inference) as session:
        from genretag.cli.display import Display
        from genretag.cli.policy import make_policy, start_survey
        from genretag.cli.units import open_units
        from genretag.domain.selection import Selection
        from genretag.domain.tagging import selection
        from genretag.pipeline.report import build_library, collect_entries, decide_as_scan
        from genretag.report.page import render_page
        from genretag.report.paths import common_folder

        files, surveyed = finding.find_twice(paths)
        display = Display(lambda: files.found, common_folder(paths))
        predictor = session.predictor(display.warn)
        policy = make_policy(context, tagging, predictor.loaded)
        every = Selection(video=finding.video)
        with (
            display,
            open_units(units, predictor.loaded, policy.naming) as unit_settings,
            predictor.cache() as cache,
            predictor.analyses(files, every, cache) as analyses,
        ):
            survey = start_survey(surveyed, policy, inference.no_cache)
            watched, scanned = display.watch(analyses), selection(policy, finding.video)
            decided = decide_as_scan(watched, policy, scanned, unit_settings, survey)
            found = collect_entries(display.show_analyses(decided), policy, unit_settings)
        text = render_page(
            build_library(paths, found, policy, predictor.loaded, unit_settings, inference.coverage)
        )
    _write(text, output)
    typer.echo(f"Wrote {output}", err=True)
    raise typer.Exit(display.exit_code)


def _refuse_no_room(output: Path) -> None:
    """Raise RunError `output-failed` if no page can be written there, before hours of work."""
    from tempfile import TemporaryFile

    with translate_errors(output):
        if not _is_special(output):
            TemporaryFile(dir=output.resolve().parent).close()


def _write(text: str, output: Path) -> None:
    """Replace the page in one step, so that an older one is whole until then.

    Raises:
        RunError: `output-failed`, it cannot be written.
    """
    from genretag.library import files

    content = text.encode("utf-8", errors="backslashreplace")
    with translate_errors(output):
        if _is_special(output):
            output.write_bytes(content)
        else:
            # A link stays one, and what it leads to is replaced.
            files.rewrite(output.resolve(), content)


def _is_special(output: Path) -> bool:
    """Return whether `output` is a pipe or a device, which nothing may replace."""
    return output.exists() and not output.is_file()
