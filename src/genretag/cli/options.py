"""Options that several commands have."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from genretag.inference.store import DEFAULT

FINDING = "Which files"
WRITING = "What is written"
LISTENING = "How it listens"
SHOWING = "What is shown"

Coverage = Literal["fast", "balanced", "full"]
Device = Literal["auto", "cpu", "cuda", "coreml", "dml"]

ModelOption = Annotated[
    str,
    typer.Option(
        metavar="NAME|FILE|hf:OWNER/REPO[@REV]",
        help="Model to use; see [bold]genretag models list[/].",
        rich_help_panel=LISTENING,
    ),
]
DeviceOption = Annotated[
    Device, typer.Option(help="Where the model runs.", rich_help_panel=LISTENING)
]
CoverageOption = Annotated[
    Coverage,
    typer.Option(
        help="How much of a track is heard: one excerpt from its middle, a few spread over "
        "it, or all of it.",
        rich_help_panel=LISTENING,
    ),
]
JobsOption = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        help="Files heard at the same time.",
        show_default="one per core",
        rich_help_panel=LISTENING,
    ),
]
TimeoutOption = Annotated[
    float,
    typer.Option(min=0.1, help="Give a file up after so many seconds.", rich_help_panel=LISTENING),
]
NoCacheOption = Annotated[
    bool,
    typer.Option(
        "--no-cache",
        help="Hear everything anew, and remember nothing.",
        rich_help_panel=LISTENING,
    ),
]
ExcludeOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="GLOB",
        help="Leave out files and folders with such a name or path; can be repeated.",
        show_default=False,
        rich_help_panel=FINDING,
    ),
]
FollowSymlinksOption = Annotated[
    bool,
    typer.Option(
        "--follow-symlinks",
        help="Follow symbolic links found inside folders.",
        rich_help_panel=FINDING,
    ),
]
HiddenOption = Annotated[
    bool,
    typer.Option("--hidden", help="Look at hidden files and folders too.", rich_help_panel=FINDING),
]
OneFileSystemOption = Annotated[
    bool,
    typer.Option(
        "--one-file-system",
        help="Enter no folder that is on another disk than PATH.",
        rich_help_panel=FINDING,
    ),
]
VideoOption = Annotated[
    bool,
    typer.Option(
        "--video",
        help="Hear films too: MP4 and ASF files with a video stream, which are left alone without.",
        rich_help_panel=FINDING,
    ),
]
MapOption = Annotated[
    Path | None,
    typer.Option(
        "--map",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="TOML file that renames, merges and drops genres and gives them parents.",
        show_default=False,
        rich_help_panel=WRITING,
    ),
]
Player = Literal["navidrome", "jellyfin", "kodi", "itunes", "mpd", "foobar2000"]

PathsArgument = Annotated[
    list[Path], typer.Argument(help="Files and folders.", metavar="PATH...", show_default=False)
]
PolicyOption = Annotated[
    Literal["fill", "replace", "add"],
    typer.Option(
        help="Touch only files without a genre, replace the genres that are there, or add to them.",
        rich_help_panel=WRITING,
    ),
]
TopKOption = Annotated[
    int,
    typer.Option(
        min=1,
        help="Write up to this many genres: the best one, and others that score at least half as "
        "much.",
        rich_help_panel=WRITING,
    ),
]
ThresholdOption = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=1.0,
        help="Write nothing if the best score is lower.",
        show_default="the model's own",
        rich_help_panel=WRITING,
    ),
]
PlaceholderOption = Annotated[
    str | None,
    typer.Option(
        metavar="LIST",
        help="Names, separated by commas, that count as no genre, in place of the usual ones "
        "(Other, Unknown, Misc, Music ...); after a + in addition to these, after a - not these.",
        show_default="the usual ones",
        rich_help_panel=WRITING,
    ),
]
KeepMtimeOption = Annotated[
    bool,
    typer.Option(
        "--keep-mtime",
        help="Leave the files' modification times as they are; players may then not notice.",
        rich_help_panel=WRITING,
    ),
]
YesOption = Annotated[
    bool,
    typer.Option(
        "--yes",
        "-y",
        help="Do not ask before changing genres that are there.",
        rich_help_panel=WRITING,
    ),
]
FormatOption = Annotated[
    Literal["human", "jsonl", "csv"],
    typer.Option(help="Lines to read, or data for scripts.", rich_help_panel=SHOWING),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        dir_okay=False,
        help="Write to this file.",
        show_default="standard output",
        rich_help_panel=SHOWING,
    ),
]
DEFAULT_MODEL = DEFAULT
