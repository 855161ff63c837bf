"""The tagger of the public API: a model that is loaded, and what it makes of files."""

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar, overload

from genretag.api.arguments import By, Coverage, Device, Policy, StrPath, check
from genretag.api.results import Decision, Failed, Prediction
from genretag.api.track import Track
from genretag.errors import Code, FileError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from genretag.domain import prediction
    from genretag.inference.session import Model

T = TypeVar("T")


class Tagger:
    """A model that is loaded and predicts genres. Make one with `Tagger.load`.

    It works in this thread, `decide` in a few of its own, and starts no process. Threads may share
    one.

    >>> from genretag import Tagger
    >>> tagger = Tagger.load()
    >>> tagger.genres[:3]
    ('Blues', 'Classical', 'Country')
    """

    def __init__(self, model: "Model", file: Path) -> None:
        self._model = model
        self._file = file

    @classmethod
    def load(cls, model: StrPath = "default", device: Device = "auto") -> Self:
        """Load a model and make it ready to score.

        Args:
            model: `default`, the name of a bundled or a learned model, the file of one, or
                hf:OWNER/REPO[@REVISION]. Only the last is fetched from the network, once.
            device: where the model runs; `auto` takes the fastest that is there. Where a device
                fails, also later, a RuntimeWarning says so and the CPU goes on.

        Raises:
            UsageError: `unknown-model`, there is no such model; `no-device`, the installed ONNX
                Runtime was not built for the device; `licence-not-accepted`, its licence forbids
                commercial use, and nobody has accepted it with `genretag models show NAME
                --accept-licence`.
            RunError: `model-invalid`, it is no model for this version; `calibration-invalid`, what
                `genretag evaluate --save` saved for it was damaged; `base-missing`, what it was
                learned on is gone; `model-unreachable` or `hub-refused`, it cannot be fetched.
        """
        from genretag.inference import store
        from genretag.library import licences, paths
        from genretag.pipeline.load import load_calibrated

        name = os.fspath(model)
        name = store.DEFAULT if name == "default" else name
        file = store.locate(name, paths.cache_dir(), paths.data_dir())
        loaded = load_calibrated(file, paths.data_dir(), device, _warn)
        base = loaded.base
        licences.require_accepted(base.manifest, base.digest, paths.data_dir())
        return cls(loaded, file)

    @property
    def model(self) -> str:
        """Name and digest, as in `Prediction.model`."""
        return self._model.identity

    @property
    def genres(self) -> tuple[str, ...]:
        """All genres that the model tells apart, in the order of its outputs."""
        return self._model.manifest.genres.names

    @property
    def threshold(self) -> float:
        """The score in [0, 1] from which `scan` writes a genre, or the name of a family."""
        return self._model.manifest.threshold

    @property
    def families(self) -> dict[str, tuple[str, ...]]:
        """Families by name, with their genres.

        Where no genre reaches the threshold, `scan` writes the name of the family with the highest
        sum of its genres' scores, if that does. A model whose genres score by themselves has none.
        """
        return {family.name: family.genres for family in self._model.manifest.families}

    @property
    def device(self) -> str:
        """The device of the model, such as `cpu`."""
        return self._model.device

    # The overloads overlap because a text is an iterable of texts too; it is taken for one path.
    @overload
    def predict(  # type: ignore[overload-overlap]
        self, path: StrPath, *, coverage: Coverage = ...
    ) -> Prediction: ...
    @overload
    def predict(
        self, path: Iterable[StrPath], *, coverage: Coverage = ...
    ) -> Iterator[Prediction | Failed]: ...
    def predict(
        self, path: StrPath | Iterable[StrPath], *, coverage: Coverage = "balanced"
    ) -> Prediction | Iterator[Prediction | Failed]:
        """Predict the genres of one file, or of several.

        The scores are those of `genretag scan` for a track by itself.

        Args:
            path: an audio file, or any iterable of such.
            coverage: how much of a file is scored: `fast` is one window from its middle, `balanced`
                a few spread over it (as many as the model says), `full` all of it.

        Returns:
            For one path its prediction. For several an iterator with a result for each, in their
            order: a file is decoded when its result is asked for, and one that cannot be decoded
            gives a `Failed`, so that the others go on.

        Raises:
            FileError: the one path cannot be read (`not-found`, `no-permission`, `read-failed`) or
                decoded (`not-audio`, `undecodable`).
            RunError: `model-invalid`, the model cannot score, not even on the CPU.
            UsageError: `bad-option`, there is no such coverage.

        >>> from genretag import Tagger
        >>> prediction = Tagger.load().predict("song.wav")
        >>> name, score = prediction.genres[0]
        >>> 0 < score < 1, prediction.duration_s, prediction.windows
        (True, 12.0, 4)
        """
        check("coverage", coverage, Coverage)
        if isinstance(path, str | os.PathLike):
            return self._predict(Path(path), coverage)
        return self._predict_each(path, coverage)

    def decide(
        self,
        tracks: Iterable[StrPath | Track],
        *,
        policy: Policy = "fill",
        threshold: float | None = None,
        top_k: int = 1,
        max_genres: int = 5,
        only: StrPath | Iterable[str] | None = None,
        genre_map: StrPath | None = None,
        by: By = "album",
        coverage: Coverage = "balanced",
        jobs: int | None = None,
    ) -> list[Decision | Failed]:
        """Decide what to write into files, as `genretag scan` does; nothing is written.

        Files of one album are decided together, wherever they lie, and genres that a person gave
        some of them count for the others. So pass an album at a time, or a whole folder.

        Files are analysed in threads. What was predicted for a sound is kept in the cache of the
        command line, and taken from there.

        Args:
            tracks: audio files; each is a path, or a `Track` with what you know of it.
            policy: decide only for files without a genre, `replace` the genres that are there, or
                `add` to them.
            threshold: the score in [0, 1] from which a genre is written; None for those of the
                model, which has one for a file by itself and one for an album.
            top_k: write up to this many genres: the best, and others that score at least half as
                much.
            max_genres: with `add`, how many genres a file may have.
            only: the only genres that may be written, spelled so; in the place of another goes the
                nearest broader one that is listed. Names; or a text with names separated by commas,
                or the path of a file with a name in each line.
            genre_map: a TOML file that renames, merges and drops genres, as of `scan --map`.
            by: decide the files of an album together, those of an artist, or each by itself.
            coverage: as of `predict`.
            jobs: how many files are analysed at the same time; None for one per core.

        Returns:
            A result for each file, in their order. One that cannot be read or decoded gives a
            `Failed`, and the others are decided without it.

        Raises:
            UsageError: `bad-option`, an argument is wrong; `bad-map`, the file of `genre_map` is.
            RunError: `model-invalid`, the model cannot score, not even on the CPU;
                `journal-failed`, the journal, which tells what genretag wrote, cannot be read.

        >>> from genretag import Tagger
        >>> (decision,) = Tagger.load().decide(["song.wav"], threshold=0)
        >>> decision.before, len(decision.after), decision.source
        ((), 1, 'heard')
        """
        from genretag.api import deciding

        check("policy", policy, Policy)
        check("unit", by, By)
        check("coverage", coverage, Coverage)
        model, manifest = self._model, self._model.manifest
        rules = deciding.make_policy(
            manifest, policy, threshold, top_k, max_genres, only, genre_map
        )
        files = [one if isinstance(one, Track) else Track(one) for one in tracks]
        analyses = deciding.analyse_tracks(
            files, model, self._file, rules, coverage, jobs, self._on_device, _warn
        )
        return list(deciding.decide_together(analyses, rules, by, manifest))

    def embed(self, path: StrPath, *, coverage: Coverage = "balanced") -> "NDArray[np.float32]":
        """Return what the model's last layer is given of a file, to compare files or to train on.

        Args:
            path: an audio file.
            coverage: as of `predict`.

        Returns:
            The mean over the file's windows, [width] float32, unbounded and with the precision of
            half-precision floats. The width is the model's. [0] if all of the file is silent.

        Raises:
            UsageError: `bad-option`, the model gives no embeddings.
            FileError, RunError: as `predict`.

        >>> from genretag import Tagger
        >>> Tagger.load().embed("song.wav").shape
        (1070,)
        """
        check("coverage", coverage, Coverage)
        if not self._model.embeds:
            raise UsageError(
                Code.BAD_OPTION,
                f"{self.model} gives no embeddings",
                "Export it again with this version, or use the default model.",
            )
        return self._score(Path(path), coverage).embedding.astype("float32")

    def __repr__(self) -> str:
        return f"<Tagger {self.model} on {self.device}>"

    def _predict(self, path: Path, coverage: Coverage) -> Prediction:
        scored = self._score(path, coverage)
        genres = tuple((genre.name, genre.score) for genre in scored.genres)
        return Prediction(
            path, genres, scored.duration_s, scored.windows, scored.model, scored.is_calibrated
        )

    def _predict_each(
        self, paths: Iterable[StrPath], coverage: Coverage
    ) -> Iterator[Prediction | Failed]:
        for path in map(Path, paths):
            try:
                yield self._predict(path, coverage)
            except FileError as error:
                yield Failed(path, error)

    def _score(self, path: Path, coverage: Coverage) -> "prediction.Prediction":
        from genretag.pipeline.score import predict

        return self._on_device(lambda model: predict(path, model, coverage))

    def _on_device(self, use: "Callable[[Model], T]") -> T:
        """Return what `use` makes of the model; if its device fails, of the same on the CPU."""
        from genretag.inference.session import DeviceError, reload_on_cpu

        model = self._model
        try:
            return use(model)
        except DeviceError as error:
            self._model = reload_on_cpu(model, self._file, error, _warn)
            return self._on_device(use)


def _warn(message: str) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=2)
