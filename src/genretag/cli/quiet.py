"""Shows of a run over many files nothing but news."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from typing import Any, TextIO

from genretag.cli.display import Display
from genretag.domain.outcome import Failed, Outcome, Planned, Tagged, Unchanged
from genretag.report import Report


class QuietDisplay(Display):
    """Shows what is changed and what has failed: no bar, no summary, no advice.

    Failures that an earlier run has met are no news and do not count for the exit code, unless
    `strict`. The other arguments are those of `Display`.
    """

    def __init__(self, *arguments: Any, strict: bool = False, **named: Any) -> None:
        self._strict = strict
        self._has_new_failure = False
        super().__init__(*arguments, **named)

    @property
    def exit_code(self) -> int:
        """0, or 1 if a failure was shown."""
        return 1 if self._has_new_failure else 0

    def _is_news(self, outcome: Outcome) -> bool:
        if isinstance(outcome, Failed):
            return self._strict or not outcome.is_known
        return isinstance(outcome, Tagged | Planned)

    def _select(self, outcome: Outcome) -> Outcome:
        """Return what is no news as Unchanged: lines wait for all files of an album."""
        return outcome if self._is_news(outcome) else outcome.convert(Unchanged)

    def _begin(self, total: Callable[[], int]) -> None:
        super()._begin(total)
        self._progress.disable = True

    def _count(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        for outcome in super()._count(outcomes):
            if isinstance(outcome, Failed) and self._is_news(outcome):
                self._has_new_failure = True
            yield outcome

    def _make_data_reporter(self, name: str, stream: TextIO) -> Report:
        # Without news not even the head of a table is written.
        make = cache(partial(super()._make_data_reporter, name, stream))

        def report(outcome: Outcome) -> None:
            if not isinstance(outcome, Unchanged):
                make()(outcome)

        return report

    def _end(self, error: type[BaseException] | None) -> None:
        pass
