"""The public API: predict genres, and read and write them in tags.

Use it as `import genretag`. What is heavy (NumPy, ONNX Runtime, FFmpeg, the journal) is imported by
the functions that need it, so that a program may import genretag and never pay for it.
"""

import os
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, get_args, overload

from genretag.errors import Code, FileError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from genretag.domain import prediction
    from genretag.domain.track import Track
    from genretag.inference.session import Model

__all__ = ["Failed", "Prediction", "Tagger", "Written", "read_genres", "write_genres"]

StrPath = str | os.PathLike[str]
Coverage = Literal["fast", "balanced", "full"]
Device = Literal["auto", "cpu", "cuda", "coreml", "dml"]
Player = Literal["navidrome", "jellyfin", "kodi", "itunes", "mpd", "foobar2000"]


@dataclass(frozen=True)
class Prediction:
    """The genres of one file, as a model scores them.

    Attributes:
        path: the file.
        genres: all genres of the model as pairs (name, score), best first. Scores are calibrated
            probabilities in [0, 1] and sum to 1; those of a learned model to less, as it has a part
            for other music. Empty if the file is silent.
        duration_s: how long the file plays, in seconds.
        windows: how many windows of the file were scored; those of silence are left out.
        model: which model it was, as NAME@DIGEST with 12 hexadecimal digits of its SHA-256.
    """

    path: Path
    genres: tuple[tuple[str, float], ...]
    duration_s: float
    windows: int
    model: str


@dataclass(frozen=True)
class Failed:
    """A file among several that could not be handled; `error` says why."""

    path: Path
    error: FileError


@dataclass(frozen=True)
class Written:
    """The result of `write_genres`.

    Attributes:
        path: the file.
        before: its genres before.
        after: its genres now.
        run: the number by which `genretag undo RUN` takes it back; None if the file had these
            genres already and was not touched.
        notes: sentences about what could not be kept, such as other hard links to the file.
    """

    path: Path
    before: tuple[str, ...]
    after: tuple[str, ...]
    run: int | None = None
    notes: tuple[str, ...] = ()


class Tagger:
    """A model that is loaded and predicts genres. Make one with `Tagger.load`.

    It works in this thread and starts no process. Threads may share one.

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
                Runtime was not built for the device.
            RunError: `model-invalid`, it is no model for this version; `base-missing`, what it was
                learned on is gone; `model-unreachable` or `hub-refused`, it cannot be fetched.
        """
        from genretag.inference import session, store
        from genretag.library import paths

        name = store.DEFAULT if model == "default" else os.fspath(model)
        file = store.locate(name, paths.cache_dir(), paths.data_dir())
        return cls(session.load(file, device, _warn), file)

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
        sum of its genres' scores, if that does.
        """
        return {family.name: family.genres for family in self._model.manifest.genres.families}

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
        _check("coverage", coverage, Coverage)
        if isinstance(path, str | os.PathLike):
            return self._predict(Path(path), coverage)
        return self._predict_each(path, coverage)

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
        _check("coverage", coverage, Coverage)
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
        return Prediction(path, genres, scored.duration_s, scored.windows, scored.model)

    def _predict_each(
        self, paths: Iterable[StrPath], coverage: Coverage
    ) -> Iterator[Prediction | Failed]:
        for path in map(Path, paths):
            try:
                yield self._predict(path, coverage)
            except FileError as error:
                yield Failed(path, error)

    def _score(self, path: Path, coverage: Coverage) -> "prediction.Prediction":
        from genretag.inference.session import DeviceError, reload_on_cpu
        from genretag.pipeline.score import predict

        model = self._model
        try:
            return predict(path, model, coverage)
        except DeviceError as error:
            self._model = reload_on_cpu(model, self._file, error, _warn)
            return self._score(path, coverage)


def read_genres(path: StrPath) -> tuple[str, ...]:
    """Read the genres in a file's tags.

    Args:
        path: a music file.

    Returns:
        The names, in their order, as players show them: `(17)` in ID3 is Rock. They come from the
        first of the file's tags that has any; () if none has.

    Raises:
        FileError: the file cannot be read (`not-found`, `no-permission`, `read-failed`), its tags
            are damaged, or genretag does not know its container (`tags-unreadable`).

    >>> import genretag
    >>> genretag.read_genres("song.wav")
    ()
    """
    return _read(Path(path)).genres


def write_genres(
    path: StrPath,
    genres: str | Iterable[str],
    *,
    player: Player | None = None,
    keep_mtime: bool = False,
) -> Written:
    """Make `genres` the only genres of a file; all else in it stays as it is.

    As `genretag scan` writes: the change is noted in the journal, made to a copy, the copy is
    verified and then takes the file's place, so that the file is whole at any instant. `genretag
    undo` takes it back. Each call is a run of its own in `genretag history`.

    Args:
        path: a music file.
        genres: one name or several, the most important first; none removes the genre from the tags.
        player: lay several genres out as this player shows them, where formats leave a choice.
        keep_mtime: leave the file's time of modification as it is.

    Raises:
        FileError: as `read_genres`; and `tags-unwritable`, `no-permission`, `write-failed`,
            `changed` (somebody else wrote to the file meanwhile) or `verify-failed`. The file is as
            it was.
        RunError: `journal-failed` or `disk-full`. The file is as it was.
        UsageError: `bad-option`, there is no such player.

    >>> import genretag
    >>> genretag.write_genres("song.wav", ["Jazz", "Blues"]).run
    1
    >>> genretag.read_genres("song.wav")
    ('Jazz', 'Blues')
    """
    from genretag.domain.change import TagChange
    from genretag.domain.layout import PLAIN, PLAYERS
    from genretag.domain.outcome import Planned
    from genretag.pipeline.annotate import notes_of
    from genretag.pipeline.write import open_writer

    if player is not None:
        _check("player", player, Player)
    track = _read(Path(path))
    change = TagChange(
        path=track.path,
        container=track.container or "",
        before=track.genres,
        after=(genres,) if isinstance(genres, str) else tuple(genres),
        layout=PLAYERS[player] if player else PLAIN,
    )
    if change.after == change.before:
        return Written(track.path, change.before, change.after)
    notes = notes_of(change)
    folder = track.path.absolute().parent
    with open_writer("write_genres", folder, keep_mtime=keep_mtime) as writer:
        (outcome,) = writer.apply([replace(Planned.of(change), notes=notes)])
    if outcome.error:
        raise outcome.error
    return Written(track.path, outcome.before, outcome.after, writer.run.number, outcome.notes)


def _read(path: Path) -> "Track":
    from genretag import tags

    track = tags.read(path)
    if track.container is None:
        raise FileError(
            Code.TAGS_UNREADABLE,
            f"{path}: genretag cannot read tags in this kind of file",
            f"It knows {', '.join(tags.CONTAINERS)}.",
        )
    return track


def _check(what: str, value: str, choices: object) -> None:
    """Raise UsageError `bad-option` if `value` is none of `choices`, a Literal."""
    if value not in (known := get_args(choices)):
        raise UsageError(
            Code.BAD_OPTION, f"There is no {what} {value!r}", f"Choose one of: {', '.join(known)}."
        )


def _warn(message: str) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=2)
