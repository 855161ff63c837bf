"""Stage 7: group files that are decided together."""

from collections.abc import Iterable, Iterator

from genretag.domain.analysis import Analysis

Unit = tuple[Analysis, ...]
"""Files that are decided together, in their order."""


def group(analyses: Iterable[Analysis]) -> Iterator[Unit]:
    """Yield the units of `analyses`, in their order: so far, each file is one by itself."""
    for analysis in analyses:
        yield (analysis,)
