"""Shared parts of long commands: a bar, lines of text, and genretag's own errors."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from genretag.errors import Code, ExtraMissingError, RunError
from genretag_train.progress import Notify, Progress


@contextmanager
def show_progress(feature: str) -> Iterator[tuple[Notify, Progress]]:
    """Give what prints a line on stderr, and what moves a bar there.

    Args:
        feature: the work, for the message that names the extra that it needs.

    Raises:
        ExtraMissingError: a package is missing.
        RunError: `output-failed`, something cannot be written.
    """
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(stderr=True, highlight=False)

    def notify(text: str) -> None:
        # Of several processes that train together, the first speaks.
        if os.environ.get("LOCAL_RANK", "0") == "0":
            console.print(text, markup=False, soft_wrap=True)

    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Listening", total=None)
        try:
            yield notify, lambda done, total: bar.update(task, completed=done, total=total)
        except ModuleNotFoundError as error:
            raise ExtraMissingError(feature, "train") from error
        except OSError as error:
            raise RunError(
                Code.OUTPUT_FAILED,
                f"{error.filename or 'The output'}: {error.strerror or error}",
                "Check the disk and the access rights.",
            ) from error
