"""Finds out what each file's genres should be; nothing is written."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genretag.domain.outcome import Outcome
from genretag.domain.prediction import Embeddings, Scores
from genretag.errors import FileError
from genretag.inference.session import DeviceError, Model, on_cpu
from genretag.pipeline.analysis import Answer, Memory, ScanSettings, Unscored, decided, refused
from genretag.pipeline.hear import judged, silent

Warn = Callable[[str], None]


Engine = Callable[
    [Iterable[Path | Outcome], ScanSettings], Generator[Answer | Unscored, None, None]
]
"""Listens to files somewhere: an answer for each, in their order; outcomes are passed on."""


def scan(
    files: Iterable[Path | Outcome],
    settings: ScanSettings,
    memory: Memory,
    engine: Engine,
    model: Model,
    warn: Warn,
) -> Generator[Outcome, None, None]:
    """One outcome for each of `files`, in their order.

    Args:
        files: paths to analyse, and outcomes that are passed on, as `library.walk` yields them.
        settings: how to listen and decide.
        memory: knows files that nobody has touched, and learns what is heard.
        engine: where files are listened to.
        model: scores windows here if `settings` have a `batch`.
        say: is told once if the model's device fails and the CPU goes on.
    """
    tasks = (file if isinstance(file, Outcome) else memory.outcome(file) or file for file in files)
    with closing(engine(tasks, settings)) as found:
        for answer in Scorer(model, settings, warn).scored(found):
            yield memory.kept(answer)


class Scorer:
    """Scores windows of several files at once, on the CPU if the model's device fails."""

    def __init__(self, model: Model, settings: ScanSettings, warn: Warn) -> None:
        self._model = model
        self._settings = settings
        self._say = warn

    def scored(self, found: Iterable[Answer | Unscored]) -> Iterator[Answer]:
        """All answers in their order; those not scored wait until a batch is full."""
        waiting: list[Answer | Unscored] = []
        windows = 0
        for one in found:
            waiting.append(one)
            windows += len(one.heard.windows) if isinstance(one, Unscored) else 0
            # Files that need no score may not wait for long behind one that does.
            full = (self._settings.batch or 0) <= max(windows, len(waiting))
            if full or not windows:
                yield from self._answers(waiting)
                waiting, windows = [], 0
        yield from self._answers(waiting)

    def _answers(self, waiting: list[Answer | Unscored]) -> Iterator[Answer]:
        parts = [one.heard.windows for one in waiting if isinstance(one, Unscored)]
        parts = [part for part in parts if len(part)]
        if parts:
            scores, embeddings = self._judged(np.concatenate(parts))
        first = 0
        for one in waiting:
            if isinstance(one, Answer):
                yield one
                continue
            duration_s = one.heard.duration_s
            mine = slice(first, first + len(one.heard.windows))
            if mine.start == mine.stop:
                prediction = silent(duration_s, self._model)
            else:
                aggregation = self._settings.aggregation
                prediction = judged(
                    scores[mine], embeddings[mine], duration_s, self._model, aggregation
                )
            first = mine.stop
            try:
                yield decided(one.track, prediction, self._settings.policy, one.state, one.sound)
            except FileError as error:
                yield refused(one.track.path, error)

    def _judged(self, windows: NDArray[np.float32]) -> tuple[Scores, Embeddings]:
        try:
            return self._model.predict_with_embeddings(
                windows, self._settings.batch or len(windows)
            )
        except DeviceError as error:
            self._model = on_cpu(self._model, self._settings.model, error, self._say)
            return self._judged(windows)
