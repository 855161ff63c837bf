"""Options that select files, for `with_options`."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genretag.domain.outcome import Outcome
    from genretag.library.prefetch import Prefetch
    from genretag.library.walk import Walk

in_finding = partial(typer.Option, rich_help_panel="Which files")

PathsArgument = Annotated[
    list[Path], typer.Argument(help="Files and folders.", metavar="PATH...", show_default=False)
]


@dataclass(frozen=True, repr=False, eq=False)
class FindingOptions:
    """Options that select files."""

    exclude: Annotated[
        list[str] | None,
        in_finding(
            metavar="GLOB",
            help="Leave out files and folders with such a name or path; can be repeated.",
            show_default=False,
        ),
    ] = None
    follow_symlinks: Annotated[
        bool, in_finding("--follow-symlinks", help="Follow symbolic links found inside folders.")
    ] = False
    hidden: Annotated[
        bool, in_finding("--hidden", help="Look at hidden files and folders too.")
    ] = False
    one_file_system: Annotated[
        bool,
        in_finding("--one-file-system", help="Enter no folder that is on another disk than PATH."),
    ] = False
    video: Annotated[
        bool,
        in_finding(
            "--video",
            help="Analyse films too: MP4 and ASF files with a video stream, which are "
            "left alone without.",
        ),
    ] = False

    def find(self, paths: list[Path]) -> "Prefetch[Path | Outcome]":
        """Start to find audio files under `paths`; a thread goes ahead and counts them."""
        from genretag.pipeline.find import find

        return find(paths, self.walk)

    def find_twice(
        self, paths: list[Path]
    ) -> "tuple[Prefetch[Path | Outcome], Iterator[Path | Outcome]]":
        """Return what `find` does, and the same again for another thread."""
        from genretag.pipeline.find import find_twice

        return find_twice(paths, self.walk)

    @property
    def walk(self) -> "Walk":
        """Rules for finding files."""
        from genretag.library.walk import Walk

        exclude = tuple(self.exclude or ())
        return Walk(exclude, self.follow_symlinks, self.hidden, self.one_file_system)
