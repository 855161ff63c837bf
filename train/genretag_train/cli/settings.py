"""The settings of `TrainConfig` as options of a command."""

from dataclasses import Field, fields, make_dataclass
from typing import Annotated, Any, get_type_hints

import typer

from genretag_train.config import TrainConfig
from genretag_train.nets import NETS


def make_settings(*panels: str) -> type:
    """Make a dataclass for `with_options`: the settings of `panels`, or all; None if not given."""
    types = get_type_hints(TrainConfig)
    return make_dataclass(
        "Settings",
        [
            _declare(setting, types[setting.name])
            for setting in fields(TrainConfig)
            if not panels or setting.metadata["panel"] in panels
        ],
        namespace={"__doc__": "The settings that were given as options."},
        repr=False,
        eq=False,
    )


def _declare(setting: Field[Any], type_: Any) -> tuple[str, Any, None]:
    """Declare the option of a setting."""
    text = setting.metadata["help"].format(nets=", ".join(NETS))
    default = "none" if setting.default == "" else setting.default
    option = typer.Option(
        help=f"{text} \\[default: {default}]", rich_help_panel=setting.metadata["panel"]
    )
    return setting.name, Annotated[type_ | None, option], None
