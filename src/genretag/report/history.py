"""Lists runs: a line for each, which a narrow terminal breaks at words."""

from rich.text import Text

from genretag.library.journal import RunRecord
from genretag.report.text import hanging, visible

_STATES = {"committed": "written", "abandoned": "not written", "pending": "interrupted"}


def line(run: RunRecord, width: int | None) -> Text:
    """Number, time, what was done to how many files, and by which command where.

    Args:
        run: from the journal.
        width: columns of the terminal; None if there is none.
    """
    number = f"{run.id:>4}  "
    counts = [
        f"{run.counts[state]} {word}" for state, word in _STATES.items() if state in run.counts
    ]
    text = Text.assemble(
        f"{run.started.astimezone():%Y-%m-%d %H:%M:%S}  ",
        (", ".join(counts + ["undone"] * run.undone), "bold"),
        "  ",
        (visible(f"{run.command} {run.options}".rstrip()), "cyan"),
    )
    if run.folder:
        text.append(f"  in {visible(str(run.folder))}")
    return Text(number) + hanging(text, width, len(number))
