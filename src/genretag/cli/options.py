"""Options that several commands have, as dataclasses that `with_options` expands.

Nobody compares or prints these objects, and methods for it would cost time at each start.
"""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from genretag.inference.store import DEFAULT
from genretag.report import Format

if TYPE_CHECKING:
    from genretag.domain.layout import Layout

GPU_BATCH = 64
"""Windows that a GPU scores at once, by default."""

Player = Literal["navidrome", "jellyfin", "kodi", "itunes", "mpd", "foobar2000"]

in_writing = partial(typer.Option, rich_help_panel="What is written")
in_inference = partial(typer.Option, rich_help_panel="How files are analysed")
in_output = partial(typer.Option, rich_help_panel="What is shown")

ThresholdOption = Annotated[
    float | None,
    in_writing(
        min=0.0,
        max=1.0,
        help="Write nothing if the best score, of a genre or of a family, is lower.",
        show_default="the model's own",
    ),
]
PlaceholderOption = Annotated[
    str | None,
    in_writing(
        metavar="LIST",
        help="Names, separated by commas, that count as no genre, in place of the usual ones "
        "(Other, Unknown, Misc, Music ...); after a + in addition to these, after a - not these.",
        show_default="the usual ones",
    ),
]
MapOption = Annotated[
    Path | None,
    in_writing(
        "--map",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="TOML file that renames, merges and drops genres and gives them parents.",
        show_default=False,
    ),
]
DryRunOption = Annotated[bool, in_writing("--dry-run", "-n", help="Show what would be written.")]
AndDefaultOption = Annotated[
    bool,
    in_inference(
        "--and-default",
        help="Where a model of [bold]genretag learn[/] is unsure, let the one decide that it "
        "was learned on.",
    ),
]
OutputOption = Annotated[
    Path | None,
    in_output(
        "--output",
        "-o",
        dir_okay=False,
        help="Write to this file.",
        show_default="standard output",
    ),
]


@dataclass(frozen=True, repr=False, eq=False)
class ModelOptions:
    """Options of a model that analyses one file."""

    model: Annotated[
        str,
        in_inference(
            metavar="NAME|FILE|hf:OWNER/REPO[@REV]",
            help="Model to use; see [bold]genretag models list[/].",
        ),
    ] = DEFAULT
    coverage: Annotated[
        Literal["fast", "balanced", "full"],
        in_inference(
            help="How much of a track is analysed: one excerpt from its middle, a few spread over "
            "it, or all of it."
        ),
    ] = "balanced"
    device: Annotated[
        Literal["auto", "cpu", "cuda", "coreml", "dml"], in_inference(help="Where the model runs.")
    ] = "auto"


@dataclass(frozen=True, repr=False, eq=False)
class InferenceOptions(ModelOptions):
    """Options of a model that analyses many files."""

    jobs: Annotated[
        int | None,
        in_inference(
            "--jobs",
            "-j",
            min=1,
            help="Files analysed at the same time.",
            show_default="one per core",
        ),
    ] = None
    batch_size: Annotated[
        int | None,
        in_inference(
            min=1,
            help="Score so many windows at once, of several files; what a GPU needs.",
            show_default=f"{GPU_BATCH} on a GPU, on a CPU each file by itself",
        ),
    ] = None
    timeout_s: Annotated[
        float,
        in_inference(
            "--timeout",
            min=0.1,
            help="Give a file up after so many seconds. A GPU or a large model scores outside the "
            "workers, where no time is counted.",
        ),
    ] = 120.0
    engine: Annotated[
        Literal["local", "ray"],
        in_inference(
            help="Analyse on this machine, or on a Ray cluster that sees the files under the "
            "same paths."
        ),
    ] = "local"
    ray_address: Annotated[
        str | None,
        in_inference(
            metavar="ADDRESS",
            help="The cluster for [bold]--engine ray[/]; auto finds the one around this machine.",
            show_default="a cluster of this machine alone",
        ),
    ] = None
    no_cache: Annotated[
        bool, in_inference("--no-cache", help="Analyse everything anew, and cache nothing.")
    ] = False


@dataclass(frozen=True, repr=False, eq=False)
class LayoutOptions:
    """Options of how tags store genres."""

    for_player: Annotated[
        Player | None,
        in_writing(
            "--for",
            help="Lay several genres out as this player shows them.",
            show_default="as the format's standard says",
        ),
    ] = None
    id3: Annotated[
        Literal["keep", "v2.4", "v2.3"] | None,
        in_writing(
            help="Version of ID3v2 that tags get; a dry run tells what a change costs.",
            show_default="keep",
        ),
    ] = None
    fix_stale: Annotated[
        bool,
        in_writing("--fix-stale", help="Update second tags too that go on showing an old genre."),
    ] = False

    @property
    def layout(self) -> "Layout":
        """The layout of several genres."""
        from genretag.domain.layout import PLAIN, PLAYERS

        layout = PLAYERS[self.for_player] if self.for_player else PLAIN
        return replace(
            layout,
            id3=self.id3 or layout.id3,
            fix_stale=self.fix_stale or layout.fix_stale,
        )


@dataclass(frozen=True, repr=False, eq=False)
class TaggingOptions(LayoutOptions):
    """Options of the genres that files get, and of how tags store them."""

    policy: Annotated[
        Literal["fill", "replace", "add"],
        in_writing(
            help="Touch only files without a genre, replace the genres that are there, or add to "
            "them."
        ),
    ] = "fill"
    top_k: Annotated[
        int,
        in_writing(
            "--top-k",
            "--styles",
            min=1,
            help="Write up to this many genres, or styles: the best one, and others that score at "
            "least half as much, and enough to be written themselves where each has a score of "
            "its own.",
        ),
    ] = 1
    threshold: ThresholdOption = None
    max_genres: Annotated[
        int, in_writing(min=1, help="With [bold]--policy add[/], stop adding at this many.")
    ] = 5
    placeholder: PlaceholderOption = None
    genre_map: MapOption = None
    parents: Annotated[
        bool,
        in_writing(
            "--parents",
            help="Add the broad genres that a genre belongs to, as further genres: Rock after "
            "Shoegaze.",
        ),
    ] = False
    broad: Annotated[
        bool,
        in_writing(
            "--broad",
            help="Write a broad genre also in the place of a narrower one, or beside it: without, "
            "a file of Alt-Country gets no Country.",
        ),
    ] = False
    field: Annotated[
        list[str] | None,
        in_writing(
            metavar="KIND=PLACE",
            help="Write broad genres ([bold]family[/]) or narrow ones ([bold]style[/]) to a place "
            "of their own: genre, style, grouping, comment or TXXX:NAME. A place alone is for "
            "styles. May be given twice.",
            show_default="both are genres",
        ),
    ] = None
    only: Annotated[
        str | None,
        in_writing(
            metavar="FILE|LIST",
            help="Write only these genres, spelled so: names separated by commas, or a file with "
            "a name in each line. In the place of another genre goes the nearest broader one that "
            "is listed.",
            show_default=False,
        ),
    ] = None


ByOption = Annotated[
    Literal["album", "artist", "track"],
    in_inference(
        "--by",
        help="Decide the tracks of an album together; or those of an artist, after all files are "
        "analysed; or each track by itself.",
    ),
]


@dataclass(frozen=True, repr=False, eq=False)
class UnitOptions:
    """Options of deciding tracks together."""

    by: ByOption = "album"
    evidence: Annotated[
        Literal["library", "heard"],
        in_inference(
            "--from",
            help="Let genres count that you gave other tracks of an album or artist, or decide by "
            "sound alone. What genretag wrote never counts.",
        ),
    ] = "library"
    force: Annotated[
        bool,
        in_writing(
            "--force",
            help="With [bold]--policy replace[/] or [bold]add[/], change also genres that you "
            "decided with [bold]review[/], [bold]set[/] or [bold]apply[/].",
        ),
    ] = False


@dataclass(frozen=True, repr=False, eq=False)
class WritingOptions:
    """Options of writing or planning changes."""

    keep_mtime: Annotated[
        bool,
        in_writing(
            "--keep-mtime",
            help="Leave the files' modification times as they are; players may then not notice.",
        ),
    ] = False
    plan: Annotated[
        Path | None,
        in_writing(
            dir_okay=False,
            help="Write what would be changed to this file, for [bold]genretag apply[/].",
            show_default=False,
        ),
    ] = None
    yes: Annotated[
        bool,
        in_writing("--yes", "-y", help="Do not ask before changing genres that are there."),
    ] = False


@dataclass(frozen=True, repr=False, eq=False)
class OutputOptions:
    """Options of the output: its file and its format."""

    format: Annotated[Format, in_output(help="Lines to read, or data for scripts.")] = "human"
    file: OutputOption = None
    verbose: Annotated[
        bool,
        in_output(
            "--verbose", "-v", help="Print a line for each file of an album, not one for all."
        ),
    ] = False
