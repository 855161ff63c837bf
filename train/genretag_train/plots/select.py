"""Which pictures are drawn of which runs, and from which clips."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from genretag.domain.genre import fold_name
from genretag.errors import Code, UsageError
from genretag_train.data.dataset import SIDES
from genretag_train.evaluation import runs
from genretag_train.evaluation.evaluate import heard
from genretag_train.plots import pictures
from genretag_train.progress import Progress

CURVES = "curves"
_STUDY = ("Pop", "Rock")


@dataclass(frozen=True)
class Wanted:
    """The names of the pictures, all if empty; the confusion TRUE:SAID; the clips."""

    names: tuple[str, ...]
    confusion: str | None
    data: Path | None
    side: runs.Side

    def __post_init__(self) -> None:
        for name in self.names:
            if name not in (CURVES, *pictures.PICTURES):
                raise UsageError(
                    Code.BAD_OPTION,
                    f"There is no picture {name!r}",
                    f"Known: {', '.join((CURVES, *pictures.PICTURES))}.",
                )

    def has(self, name: str) -> bool:
        """Whether a picture is wanted."""
        return not self.names or name in self.names


def drawn(
    targets: Sequence[str], folder: Path, wanted: Wanted, progress: Progress
) -> Iterator[Path]:
    """Draw what is wanted of runs and models; each file as it is written.

    Raises:
        UsageError: there is no such run or genre, or nothing that could be drawn.
        RunError: `bad-dataset`, as `runs.chosen` has it.
    """
    if wanted.has(CURVES):
        found = {_name(target): pictures.curves_of(Path(target)) for target in targets}
        known = {name: curve for name, curve in found.items() if curve}
        if known:
            yield from pictures.drawn(pictures.curves, known, folder / CURVES)
        elif wanted.names == (CURVES,):
            raise UsageError(
                Code.BAD_OPTION, "None of these has curves", "Give the --out of training runs."
            )
    names = [name for name in pictures.PICTURES if wanted.has(name)]
    if not names:
        return
    for target in targets:
        place = folder / _name(target) if len(targets) > 1 else folder
        material = _material(target, wanted, progress)
        for name in names:
            yield from pictures.drawn(pictures.PICTURES[name], material, place / name)


def _name(target: str) -> str:
    return Path(target).resolve().name if Path(target).exists() else target.replace("/", "-")


def _material(target: str, wanted: Wanted, progress: Progress) -> pictures.Material:
    subject = runs.subject(target)
    data = runs.source(wanted.data, subject.facts)
    confusion = _confusion(subject, wanted.confusion)
    chosen = runs.chosen(subject, data, wanted.side, None)
    model = subject.model
    # Older files do not tell what their last layer is given.
    embed = (
        (lambda windows: model.predict_with_embeddings(windows)[1]) if model.embeds else model.score
    )
    found = heard(subject, chosen.clips, progress, embed)
    if confusion is None and set(_STUDY) <= set(subject.genres):
        pop, rock = (subject.genres.index(genre) for genre in _STUDY)
        if ((found.truth == pop) & (found.probabilities.argmax(axis=1) == rock)).any():
            confusion = _STUDY
    return pictures.Material(subject, found, _sides(subject, data, wanted.side, chosen), confusion)


def _confusion(subject: runs.Subject, given: str | None) -> tuple[str, str] | None:
    if given is None:
        return None
    names = {fold_name(genre): genre for genre in subject.genres}
    of, _, taken_for = given.partition(":")
    if fold_name(of) not in names or fold_name(taken_for) not in names:
        raise UsageError(
            Code.BAD_OPTION,
            f"--confusion {given!r} is not TRUE:SAID with two genres of {subject.name}",
            f"It knows {', '.join(subject.genres)}.",
        )
    return names[fold_name(of)], names[fold_name(taken_for)]


def _sides(
    subject: runs.Subject, data: Path, side: runs.Side, chosen: runs.Chosen
) -> dict[str, list[int]]:
    """The clips of each genre by side, where the split is known; else those that were chosen."""
    places = {fold_name(genre): place for place, genre in enumerate(subject.genres)}

    def counted(genres: list[str]) -> list[int]:
        counts = [0] * len(subject.genres)
        for genre in genres:
            counts[places[fold_name(genre)]] += 1
        return counts

    if side == "all" or subject.config is None:
        return {"all": counted([clip.genre for clip in chosen.clips])}
    study = runs.study_of(data, subject.config, subject.facts)
    return {name: counted([study.clips[i].genre for i in study.indices(name)]) for name in SIDES}
