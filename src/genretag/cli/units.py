"""Sets up how tracks are decided together."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from genretag.cli.options import TaggingOptions, UnitOptions

if TYPE_CHECKING:
    from genretag.domain.naming import Naming
    from genretag.inference.session import Model
    from genretag.pipeline.decide import Fallback, FindOrigin, UnitSettings


@contextmanager
def open_units(options: UnitOptions, model: "Model", naming: "Naming") -> "Iterator[UnitSettings]":
    """Yield how tracks are decided together; with evidence from the library, with the journal."""
    from genretag.library.paths import data_dir
    from genretag.pipeline import units

    uses_library = options.evidence == "library"
    with units.open_units(
        options.by, model.manifest, naming, data_dir(), uses_library, options.force
    ) as settings:
        yield settings


@contextmanager
def open_origins() -> "Iterator[FindOrigin]":
    """Yield what tells where the genres of a file come from, by the journal if there is one."""
    from genretag.library.paths import data_dir
    from genretag.pipeline import units

    with units.open_origins(data_dir()) as find_origin:
        yield find_origin


@contextmanager
def open_fallback(
    context: typer.Context,
    tagging: TaggingOptions,
    units: UnitOptions,
    model: "Model",
    is_wanted: bool,
) -> "Iterator[Fallback | None]":
    """Yield how the model that a learned one needs decides; None if that is not wanted.

    Raises:
        UsageError: `bad-option`, `model` was not learned.
    """
    from genretag.cli.policy import make_policy
    from genretag.errors import Code, UsageError
    from genretag.pipeline.decide import Fallback

    if not is_wanted:
        yield None
        return
    if model.head is None:
        raise UsageError(
            Code.BAD_OPTION,
            f"--and-default is for a model that was learned, and {model.manifest.name} was not",
            "Leave it out, or name a model of `genretag learn` with --model.",
        )
    policy = make_policy(context, tagging, model.base, model)
    with open_units(units, model.base, policy.naming) as settings:
        yield Fallback(policy, settings)
