"""Clips that are drawn by their names: those that a person gives, or those of the study."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from genretag.domain.genre import fold_name
from genretag.errors import Code, UsageError
from genretag_train.data.dataset import Clip, read_clips
from genretag_train.data.fma import short_name
from genretag_train.evaluation.models import EvaluatedModel

STUDY = ("1642", "10", "149701", "1482")
"""FMA's tracks in the study: Pop that is taken for Rock, twice, and Electronic, twice."""


def find_named(model: EvaluatedModel, data: Path, names: Sequence[str]) -> tuple[Clip, ...]:
    """Return the clips of these names, in their order and each once.

    A name is as the data has it, or the id of an FMA track; each of `names` may be several with
    commas between.

    Raises:
        UsageError: there is no such clip, or the model does not know its genre.
        RunError: `bad-dataset`, as `read_clips` has it.
    """
    clips = _read_by_name(model, data)
    split = (
        [text] if text in clips else [part.strip() for part in text.split(",")] for text in names
    )
    wanted = dict.fromkeys(name for part in split for name in part)
    if missing := [name for name in wanted if name not in clips]:
        raise refuse_clip(
            f"There is no clip {' and no clip '.join(map(repr, missing))} in {data}",
            f"Name clips as the data does, such as {short_name(next(iter(clips)))!r}.",
        )
    found = {clips[name].name: clips[name] for name in wanted}
    for clip in found.values():
        if not _knows(model, clip):
            raise refuse_clip(
                f"{short_name(clip.name)} is {clip.genre}, which {model.name} does not know",
                f"It knows {', '.join(model.genres)}.",
            )
    return tuple(found.values())


def find_study(model: EvaluatedModel, data: Path) -> tuple[Clip, ...]:
    """Return the clips of the study; none unless all are on disk and of genres of the model.

    Raises:
        RunError: `bad-dataset`, as `read_clips` has it.
    """
    clips = _read_by_name(model, data)
    found = [clips[name] for name in STUDY if name in clips]
    usable = tuple(clip for clip in found if _knows(model, clip) and clip.path.is_file())
    return usable if len(usable) == len(STUDY) else ()


def refuse_clip(message: str, hint: str) -> UsageError:
    """Return the error for a clip that cannot be drawn."""
    return UsageError(Code.BAD_OPTION, message, hint)


def _read_by_name(model: EvaluatedModel, data: Path) -> Mapping[str, Clip]:
    clips = read_clips(data, model.config.label_column if model.config else "")
    return {name: clip for clip in clips for name in (clip.name, short_name(clip.name))}


def _knows(model: EvaluatedModel, clip: Clip) -> bool:
    return fold_name(clip.genre) in model.labels
