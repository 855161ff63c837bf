"""From which score a genre is written: as a person says, as was saved for the model, or its own."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from genretag.inference.session import Model


def chosen(context: typer.Context, told: float | None, model: "Model") -> float:
    """The threshold for `model`; one that is not on the command line nor its own is announced.

    Args:
        context: of a command with an option --threshold.
        told: the value of that option.
        model: goes by a threshold that `evaluate --save` found for it, and for no other.
    """
    from genretag.cli import config, group
    from genretag.library import paths

    if told is not None:
        place = group.place(context, "threshold")
        if place:
            _announce(told, place)
        return told
    file = config.read(paths.config_file())
    saved = (file.thresholds or {}).get(model.identity)
    if saved is None:
        return model.manifest.threshold
    _announce(saved, f"{config.short(file.path)}, saved there for this model")
    return saved


def _announce(threshold: float, place: str) -> None:
    from genretag.report.text import visible

    typer.echo(visible(f"Threshold {threshold:.2f} from {place}."), err=True)
