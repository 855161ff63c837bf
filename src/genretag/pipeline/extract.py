"""Stage 4: extract the windows of a file that a model is given."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genretag.audio.decode import read_excerpts
from genretag.audio.mel import features
from genretag.domain.manifest import ModelManifest
from genretag.domain.window import COVERAGES, Excerpt, Waveform

Window = NDArray[np.float32]
"""[n_frames, n_mels]: one excerpt as a model is given it."""


class FeatureExtractor:
    """Extracts windows as a manifest says; `duration_s` is known once a file was read.

    Args:
        manifest: of the model.
        coverage: a key of `domain.window.COVERAGES`.
    """

    def __init__(self, manifest: ModelManifest, coverage: str) -> None:
        self._manifest = manifest
        self._coverage = coverage
        self.duration_s = 0.0

    def windows(self, path: Path) -> Iterator[Window]:
        """Yield the windows of `path`, without those of silence.

        Raises:
            FileError: the file cannot be read or decoded.
        """
        for waveform in self.waveforms(path):
            if not waveform.is_silent:
                yield self.window(waveform)

    def waveforms(self, path: Path) -> Iterator[Waveform]:
        """Return the excerpts of `path` themselves; FileError as `windows`."""
        return read_excerpts(path, self._manifest.front_end.rate_hz, self._plan)

    def window(self, waveform: Waveform) -> Window:
        """Return the features of an excerpt, [n_frames, n_mels]."""
        return features(waveform.fit(self._manifest.n_samples), self._manifest.front_end)

    def _plan(self, duration_s: float) -> list[Excerpt]:
        # Asked a second time when the file turns out shorter than its header says.
        self.duration_s = duration_s
        return COVERAGES[self._coverage](duration_s, self._manifest.window)


def extract(
    path: Path, manifest: ModelManifest, coverage: str
) -> tuple[NDArray[np.float32], float]:
    """Return all windows of `path`, [n_windows, n_frames, n_mels], and its duration in seconds.

    Raises:
        FileError: the file cannot be read or decoded.
    """
    extractor = FeatureExtractor(manifest, coverage)
    windows = list(extractor.windows(path))
    return np.stack(windows) if windows else np.zeros((0, 0, 0), np.float32), extractor.duration_s
