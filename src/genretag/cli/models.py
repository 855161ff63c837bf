"""`genretag models`: list models, describe, fetch and verify them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from genretag.errors import Code, GenretagError, RunError, UsageError
from genretag.inference.store import DEFAULT

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="List, show, fetch, verify and remove models.",
)

_SHA256_DIGITS = 64

ModelArgument = Annotated[str, typer.Argument(metavar="NAME|FILE|hf:OWNER/REPO[@REV]")]
DigestOption = Annotated[
    str | None,
    typer.Option(
        "--sha256", metavar="DIGEST", help="The SHA-256 that the file must have, 64 hex digits."
    ),
]


@app.command("list")
def list_models() -> None:
    """List the models that came with genretag, that you taught it, and that were fetched."""
    from rich.console import Console

    from genretag.inference import store
    from genretag.library import paths

    console = Console(highlight=False)
    for name, path in store.list_bundled().items():
        _print_model(name, path, " (default)" if name == store.DEFAULT else "", console)
    for name, path in store.list_learned(paths.data_dir()).items():
        _print_model(name, path, " (learned)", console)
    for address, path in store.list_pulled(paths.cache_dir()).items():
        _print_model(address, path, "", console)


def _print_model(name: str, path: Path, mark: str, console: "Console") -> None:
    """Print a line with the name and a mark, and below it what the model is."""
    from rich.text import Text

    from genretag.inference import session
    from genretag.report import facts
    from genretag.report.text import visible

    title = Text(visible(name), "bold")
    console.print(title + Text(mark, "not bold"), soft_wrap=True)
    try:
        manifest = session.load(path, "cpu").manifest
    except GenretagError as error:
        description = Text(f"cannot be used ({error.code})", "red")
    else:
        about = f"version {manifest.version}, {len(manifest.genres)} genres, {manifest.licence}"
        description = facts.escape_lines(f"{about}\n{manifest.description}")
    facts.print_paragraph(description, console, indent=2)


@app.command()
def show(
    model: ModelArgument = DEFAULT,
    format: Annotated[  # noqa: A002 - it is the name of the option
        Literal["human", "json"],
        typer.Option(help="A card to read, or the whole manifest as JSON."),
    ] = "human",
) -> None:
    """Show what a model holds: genres and families, threshold, training data, measured scores."""
    import json

    from genretag.inference import session, store
    from genretag.library import paths

    file = store.locate(model, paths.cache_dir(), paths.data_dir())
    loaded = session.load(file, "cpu")
    if format == "human":
        from rich.console import Console

        from genretag.report import model_card

        console = Console(highlight=False)
        model_card.print_card(loaded.manifest, loaded.digest, loaded.identity, file, console)
        return
    manifest = json.loads(loaded.manifest.to_json())
    typer.echo(
        json.dumps({"identity": loaded.identity, "sha256": loaded.digest} | manifest, indent=2)
    )


@app.command()
def pull(
    address: Annotated[str, typer.Argument(metavar="hf:OWNER/REPO[@REV]", show_default=False)],
    sha256: DigestOption = None,
) -> None:
    """Fetch a model from the Hugging Face Hub into the cache, so that scans need no network.

    Prints the address with its commit and the SHA-256: both together pin a
    model for good. With --sha256 a file with another digest is refused and not
    kept. What is in the cache is not fetched again, and found without a
    connection, too (also with HF_HUB_OFFLINE=1). HF_ENDPOINT names another Hub;
    HF_TOKEN or `hf auth login` open private repositories.

    [bold]Examples[/]

    genretag models pull hf:OWNER/REPO@v1 --sha256 DIGEST

    genretag scan --model hf:OWNER/REPO@v1 ~/Music
    """
    from genretag.inference import store
    from genretag.library import paths

    expected = _parse_digest(sha256)
    if not address.startswith(store.HUB_PREFIX):
        raise UsageError(
            Code.UNKNOWN_MODEL,
            f"{address!r} is no address of a model on the Hub",
            "Write it as hf:OWNER/REPO or hf:OWNER/REPO@REVISION.",
        )
    before = store.list_pulled(paths.cache_dir()).values()
    file = store.locate(address, paths.cache_dir(), paths.data_dir())
    try:
        _print_facts(_verify(file, expected))
    except GenretagError:
        if file not in before:
            store.remove_pulled(file, paths.cache_dir())
        raise


@app.command()
def remove(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME|hf:OWNER/REPO[@REV]...", show_default=False)
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove models that were learned or fetched; those that came with genretag stay.

    A learned model can be made anew by [bold]genretag learn[/], a fetched one be fetched again.
    """
    from genretag.cli.output import translate_errors
    from genretag.cli.terminal import ask, can_ask
    from genretag.inference import store
    from genretag.library import paths
    from genretag.report.text import visible

    learned, pulled = (
        store.list_learned(paths.data_dir()),
        store.list_pulled(paths.cache_dir()),
    )
    for name in names:
        _check_removable(name, {**learned, **pulled})
    question = f"Remove {', '.join(map(visible, names))}?"
    if not yes and can_ask() and not ask(question):
        typer.echo("Nothing was removed.", err=True)
        return
    for name in dict.fromkeys(names):
        file = learned.get(name) or pulled[name]
        with translate_errors(file):
            if name in learned:
                file.unlink()
            else:
                store.remove_pulled(file, paths.cache_dir())
        typer.echo(f"Removed {visible(name)} ({visible(str(file))})")


def _check_removable(name: str, removable: "Mapping[str, Path]") -> None:
    """Raise UsageError if there is no such model to remove."""
    from genretag.inference import store

    if name in store.list_bundled():
        raise UsageError(
            Code.BAD_OPTION, f"{name} came with genretag and stays", "Name a learned model."
        )
    if name not in removable:
        known = f"There are: {', '.join(removable)}." if removable else "There is none to remove."
        raise UsageError(Code.UNKNOWN_MODEL, f"There is no model {name!r} to remove", known)


@app.command()
def verify(model: ModelArgument = DEFAULT, sha256: DigestOption = None) -> None:
    """Check that a model is whole and can be used.

    The file must have the SHA-256 that is given, or that the Hub gave when it
    was fetched; carry a manifest that this version reads; and score a window.
    Exit code 3 if not.
    """
    from genretag.inference import store
    from genretag.library import paths

    expected = _parse_digest(sha256)
    _print_facts(_verify(store.locate(model, paths.cache_dir(), paths.data_dir()), expected))


def _parse_digest(given: str | None) -> str | None:
    """Return `given` in small letters; raise UsageError `bad-option` if it is no SHA-256."""
    digits = given.strip().lower() if given else None
    if digits and not (len(digits) == _SHA256_DIGITS and set(digits) <= set("0123456789abcdef")):
        raise UsageError(
            Code.BAD_OPTION,
            f"--sha256 {given!r} is no SHA-256",
            "It has 64 hex digits; `sha256sum FILE` prints it.",
        )
    return digits


def _verify(file: Path, expected: str | None) -> dict[str, str]:
    """Return facts about a model that is what it should be.

    Raises:
        RunError: `wrong-digest`, its SHA-256 is another; `model-invalid`, it cannot be used.
    """
    import hashlib

    from genretag.inference import session, store

    digest = hashlib.sha256(session.read(file)).hexdigest()
    expected = expected or store.hub_digest(file)
    if expected not in (None, digest):
        raise RunError(
            Code.WRONG_DIGEST,
            f"{file}: its SHA-256 is {digest}, not {expected}",
            "Do not use it: ask its publisher for the digest, or pull it again.",
        )
    model = session.load(file, "cpu")
    pinned = store.read_hub_address(file)
    facts = {"model": model.identity, "sha256": digest, "file": str(file)}
    if pinned:
        facts = {"address": f"{store.HUB_PREFIX}{pinned.repo}@{pinned.revision}"} | facts
    against = "" if expected is None else ", the SHA-256 is the expected one"
    return facts | {"verified": f"it scores {len(model.manifest.genres)} genres{against}"}


def _print_facts(facts: Mapping[str, str]) -> None:
    from genretag.report.text import visible

    width = max(map(len, facts))
    for name, value in facts.items():
        typer.echo(f"{name:<{width}}  {visible(value)}")
