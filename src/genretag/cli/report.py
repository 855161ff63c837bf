"""`genretag report`: a page about a library."""

from pathlib import Path
from typing import Annotated

import typer

from genretag.cli.options import (
    DEFAULT_MODEL,
    SHOWING,
    CoverageOption,
    DeviceOption,
    ExcludeOption,
    FollowSymlinksOption,
    HiddenOption,
    JobsOption,
    MapOption,
    ModelOption,
    NoCacheOption,
    OneFileSystemOption,
    PathsArgument,
    PlaceholderOption,
    PolicyOption,
    ThresholdOption,
    TimeoutOption,
    TopKOption,
    VideoOption,
)
from genretag.cli.output import refuse_music, translated
from genretag.cli.session import InferenceOptions, open_session


def report(
    context: typer.Context,
    paths: PathsArgument,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE.html",
            dir_okay=False,
            help="The page to write.",
            show_default=False,
            rich_help_panel=SHOWING,
        ),
    ],
    policy: PolicyOption = "fill",
    top_k: TopKOption = 1,
    threshold: ThresholdOption = None,
    placeholder: PlaceholderOption = None,
    genre_map: MapOption = None,
    model: ModelOption = DEFAULT_MODEL,
    coverage: CoverageOption = "balanced",
    device: DeviceOption = "auto",
    jobs: JobsOption = None,
    timeout: TimeoutOption = 120.0,
    exclude: ExcludeOption = None,
    follow_symlinks: FollowSymlinksOption = False,
    hidden: HiddenOption = False,
    one_file_system: OneFileSystemOption = False,
    video: VideoOption = False,
    no_cache: NoCacheOption = False,
) -> None:
    """Write a page about the music under PATH: genres before and after, doubts, a map.

    All files are heard, also those that have a genre, and none is changed. The page shows what
    [bold]scan[/] would do with the same --policy, --top-k, --threshold and --map. It is one file
    that needs no network.

    [bold]Example[/]

    [cyan]genretag report ~/Music -o music.html[/]
    """
    refuse_music(output)
    _refuse_no_room(output)
    how = InferenceOptions(model, coverage, device, jobs, timeout, no_cache=no_cache, video=video)
    with open_session(how) as session:
        from genretag.cli import maps
        from genretag.cli import threshold as thresholds
        from genretag.cli.progress import ProgressDisplay
        from genretag.domain.placeholder import parse_placeholders
        from genretag.domain.selection import Selection
        from genretag.domain.tagging import TagPolicy
        from genretag.library.walk import Walk
        from genretag.pipeline.find import find
        from genretag.pipeline.report import collected, library
        from genretag.pipeline.scan import decide_files
        from genretag.report.page import render_page

        walk = Walk(tuple(exclude or ()), follow_symlinks, hidden, one_file_system)
        files = find(paths, walk)
        display = ProgressDisplay(lambda: files.found, paths)
        predictor = session.predictor(display.warn)
        genres = predictor.manifest.genres.names
        names = maps.read(genre_map, genres)
        wished = TagPolicy(
            mode=policy,
            threshold=thresholds.chosen(context, threshold, predictor.loaded),
            top_k=top_k,
            genre_map=names,
            placeholders=parse_placeholders(placeholder, genres, names),
        )
        with display, predictor.analyses(files, Selection(video=video)) as analyses:
            found = collected(display.watched(decide_files(analyses, wished)), wished)
        told = library(paths, found, wished, predictor.loaded, coverage)
    _write(render_page(told), output)
    typer.echo(f"Wrote {output}", err=True)
    raise typer.Exit(display.exit_code)


def _refuse_no_room(output: Path) -> None:
    """RunError if the page cannot be written where it should be: not after hours of listening."""
    from tempfile import TemporaryFile

    with translated(output):
        if not _is_special(output):
            TemporaryFile(dir=output.resolve().parent).close()


def _write(text: str, output: Path) -> None:
    """In one step, so that an older page is whole until then; RunError `output-failed`."""
    from genretag.library import files

    content = text.encode("utf-8", errors="backslashreplace")
    with translated(output):
        if _is_special(output):
            output.write_bytes(content)
        else:
            # A link stays one, and what it leads to is replaced.
            files.rewrite(output.resolve(), content)


def _is_special(output: Path) -> bool:
    """Whether it is a pipe or a device, which nothing may replace."""
    return output.exists() and not output.is_file()
