"""`genretag set`: write genres by hand."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genretag.cli.finding import FindingOptions
from genretag.cli.options import DryRunOption, LayoutOptions, OutputOptions, WritingOptions
from genretag.option_groups import with_options

if TYPE_CHECKING:
    from genretag.domain.genre import Names
    from genretag.errors import UsageError


@with_options(without=("plan",))
def set_genres(
    context: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="GENRE... PATH...",
            help="One genre or several, the most important first; then files and folders.",
            show_default=False,
        ),
    ],
    *,
    dry_run: DryRunOption = False,
    layout: LayoutOptions,
    writing: WritingOptions,
    finding: FindingOptions,
    output: OutputOptions,
) -> None:
    """Write genres that you choose into every audio file under PATH, in place of theirs.

    They count as your decision: [bold]learn[/] learns from them, other tracks of the album follow
    them, and no scan changes them, unless with --force. Undo takes them back.

    [bold]Examples[/]

    [cyan]genretag set Shoegaze ~/Music/Slowdive[/]

    [cyan]genretag set "Trip Hop" Downtempo song.mp3[/]  gives it two
    """
    import shlex
    from itertools import chain

    from genretag.cli.by_hand import write_decided
    from genretag.cli.command_line import format_command
    from genretag.cli.display import Display
    from genretag.cli.units import open_origins
    from genretag.domain.decision import Decision
    from genretag.domain.outcome import Outcome, Planned
    from genretag.pipeline.by_hand import plan_decisions
    from genretag.report.paths import common_folder

    genres, paths = _split(words)
    found = list(finding.find(paths))
    files = tuple(file for file in found if not isinstance(file, Outcome))
    folder = common_folder(path.absolute() for path in paths)
    display = Display(lambda: len(found), folder, output=output, command=format_command(context))
    with display, open_origins() as find_origin:
        planned = plan_decisions([Decision(genres, files)], layout.layout, find_origin)
        left_out = (outcome for outcome in found if isinstance(outcome, Outcome))
        outcomes = chain(left_out, planned)
        if dry_run:
            display.show(outcomes)
            if display.count(Planned):
                display.suggest("Write it with:", format_command(context, without=("dry_run",)))
        else:
            command = shlex.join(["set", *genres])
            write_decided(context, display, outcomes, command, folder, writing)
    raise typer.Exit(display.exit_code)


def _split(words: list[str]) -> "tuple[Names, list[Path]]":
    """Return the genres and the paths; the first word is a genre, and paths start at one that is.

    Raises:
        UsageError: `bad-option`, one of them is missing or wrong, or may be either.
    """
    from genretag.domain.decision import parse_genres
    from genretag.domain.taxonomy import load_taxonomy

    first = next((n for n, word in enumerate(words) if n and _exists(word)), len(words))
    names, paths = words[:first], words[first:]
    _refuse_paths(names)
    if not paths:
        raise _refuse(
            f"PATH is missing: there is no file or folder {words[-1]}",
            "Name genres first, then files and folders that exist.",
        )
    both = next((one for one in paths if Path(one).name == one and load_taxonomy().find(one)), None)
    if both:
        raise _refuse(
            f"{both} is a genre, and a file or folder here as well",
            f'Write ./{both} for the file or folder, or "{"; ".join((*names, both))}" for genres.',
        )
    try:
        return parse_genres(";".join(names)), list(map(Path, paths))
    except ValueError as error:
        raise _refuse(str(error), 'Name genres as in "Trip Hop; Downtempo".') from error


def _refuse_paths(names: list[str]) -> None:
    """Raise UsageError `bad-option` if a file or folder stands where genres do."""
    from genretag.domain.taxonomy import load_taxonomy
    from genretag.library.walk import AUDIO_SUFFIXES

    for name in names:
        is_written_as_path = Path(name).is_absolute() or name.startswith(("./", "../", "~"))
        is_path = is_written_as_path or Path(name).suffix.casefold() in AUDIO_SUFFIXES
        if _exists(name) and (is_path or not load_taxonomy().find(name)):
            raise _refuse(
                f"GENRE is missing: {name} is a file or folder",
                "Name genres first, as in: genretag set Jazz ~/Music/Album; or write "
                f'"{name};" if that is the genre.',
            )
        if is_path and not name.endswith(";"):
            raise _refuse(
                f"There is no file or folder {name}",
                "Name genres first, then files and folders that exist.",
            )


def _exists(word: str) -> bool:
    """Tell whether there is a file or folder with such a path; an empty word is none."""
    try:
        return bool(word) and Path(word).exists()
    except OSError:  # it is longer than a path may be
        return False


def _refuse(message: str, hint: str) -> "UsageError":
    from genretag.errors import Code, UsageError

    return UsageError(Code.BAD_OPTION, message, hint)
