"""Formats the runs of the journal, a line each."""

from rich.text import Text

from genretag.library.journal import RunRecord
from genretag.report.text import visible, wrap_hanging

_STATES = {"committed": "written", "abandoned": "not written", "pending": "interrupted"}


def format_run(run: RunRecord, width: int | None) -> Text:
    """Format number, time, counts of files, command and folder of a run; break it at words.

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
    return Text(number) + wrap_hanging(text, width, len(number))
