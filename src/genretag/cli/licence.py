"""Shows a licence that forbids commercial use, and asks for it once."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from genretag.domain.manifest import ModelManifest

AcceptOption = Annotated[
    bool,
    typer.Option(
        "--accept-licence",
        help="Accept the licence, if it forbids commercial use. It is remembered.",
    ),
]


def agree(name: str, licence: str, given: bool) -> None:
    """Go on only if a licence allows commercial use, or a person accepts it.

    Args:
        name: of the model.
        licence: of its weights.
        given: whether the person accepted it on the command line; else one is asked.

    Raises:
        UsageError: `licence-not-accepted`.
    """
    from genretag.cli.terminal import ask, can_ask
    from genretag.domain.licence import is_non_commercial
    from genretag.library import licences
    from genretag.report.text import visible

    if not is_non_commercial(licence):
        return
    told = visible(f"The licence of {name} forbids commercial use: {licence}")
    if given:
        typer.echo(f"{told}. You accept it.", err=True)
    elif not (can_ask() and ask(f"{told}. Do you accept it?")):
        raise licences.refusal(name, licence)


def require_agreement(manifest: "ModelManifest", digest: str, given: bool = False) -> None:
    """Do the same for a model that is there, unless it was accepted before; and remember it."""
    from genretag.library import licences, paths

    if not licences.is_accepted(manifest, digest, paths.data_dir()):
        agree(manifest.name, manifest.licence, given)
        remember(manifest, digest)


def remember(manifest: "ModelManifest", digest: str) -> None:
    """Remember that a person accepted the licence of a model, if it needs that."""
    from genretag.library import licences, paths

    if not licences.is_accepted(manifest, digest, paths.data_dir()):
        licences.accept(digest, manifest.licence, paths.data_dir())
