"""One outcome of every kind, with names that would like to break the output."""

from pathlib import Path

from genretag.domain.change import Stamp, TagChange
from genretag.domain.outcome import (
    Failed,
    Outcome,
    Planned,
    Skipped,
    Tagged,
    Unchanged,
    Unsure,
)
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.errors import Code, FileError


def heard(*scores: tuple[str, float]) -> Prediction:
    genres = tuple(ScoredGenre(name, score) for name, score in scores)
    return Prediction(genres, 4, 241.3071, "toy@0123456789ab")


EVERY_KIND: tuple[Outcome, ...] = (
    Tagged(
        path=Path("/music/Ümläut/01 a.flac"),
        after=("Rock", "Hip-Hop"),
        prediction=heard(("Rock", 0.625), ("Hip-Hop", 0.325), ("Pop", 0.05)),
    ),
    Planned.of(
        TagChange(
            path=Path("/music/02 \x1b[31mred\x1b[0m.mp3"),
            container="MP3",
            before=("Blues",),
            after=("Blues", "Jazz"),
            stamp=Stamp(size=4096, mtime_ns=1_700_000_000_000_000_000),
        ),
        heard(("Jazz", 0.91234), ("Blues", 0.08766)),
    ),
    Unchanged(path=Path("/music/03.ogg"), before=("Pop",), after=("Pop",), reason="has a genre"),
    Unsure(
        path=Path("/music/04\nnew line.opus"),
        prediction=heard(("Folk", 0.31), ("Rock", 0.29)),
        reason="best score is below 0.50",
    ),
    Unsure(
        path=Path("/music/05 [bold]quiet[/].wav"),
        prediction=Prediction((), 0, 12.0, "toy@0123456789ab"),
        reason="nothing but silence was heard",
    ),
    Skipped(path=Path("/music/06.mka"), reason="genretag cannot tag this container"),
    Failed(
        path=Path("/music/07 \udcff.mp3"),
        error=FileError(
            Code.NOT_AUDIO, "/music/07 \udcff.mp3: there is no audio in it", "Its name is wrong."
        ),
    ),
)
