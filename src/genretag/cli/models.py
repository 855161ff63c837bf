"""`genretag models`: list models, describe, fetch and verify them."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from genretag.cli.digest import DigestOption, parse_digest
from genretag.cli.import_model import import_model
from genretag.cli.licence import AcceptOption
from genretag.errors import Code, GenretagError, RunError, UsageError
from genretag.inference.store import DEFAULT

if TYPE_CHECKING:
    from rich.console import Console

    from genretag.inference.session import Model

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="List, show, import, fetch, verify and remove models.",
)

ModelArgument = Annotated[str, typer.Argument(metavar="NAME|FILE|hf:OWNER/REPO[@REV]")]


@app.command("list")
def list_models() -> None:
    """List models: those that came with genretag, learned, imported and fetched ones."""
    from rich.console import Console

    from genretag.inference import store
    from genretag.library import paths

    console = Console(highlight=False)
    for name, path in store.list_bundled().items():
        _print_model(name, path, " (default)" if name == store.DEFAULT else "", console)
    for name, path in store.list_learned(paths.data_dir()).items():
        _print_model(name, path, " (learned)", console)
    for name, path in store.list_imported(paths.data_dir()).items():
        _print_model(name, path, " (imported)", console)
    for address, path in store.list_pulled(paths.cache_dir()).items():
        _print_model(address, path, "", console)


def _print_model(name: str, path: Path, mark: str, console: "Console") -> None:
    """Print a line with the name and a mark, and below it what the model is."""
    from rich.text import Text

    from genretag.library.paths import data_dir
    from genretag.pipeline.load import load_calibrated
    from genretag.report import facts
    from genretag.report.text import visible

    title = Text(visible(name), "bold")
    console.print(title + Text(mark, "not bold"), soft_wrap=True)
    try:
        manifest = load_calibrated(path, data_dir(), "cpu").manifest
    except GenretagError as error:
        description = Text(f"cannot be used ({error.code})", "red")
    else:
        about = f"version {manifest.version}, {len(manifest.genres)} genres, {manifest.licence}"
        about += "" if manifest.is_calibrated else ", scores not calibrated"
        description = facts.escape_lines(f"{about}\n{manifest.description}")
    facts.print_paragraph(description, console, indent=2)


@app.command()
def show(
    model: ModelArgument = DEFAULT,
    format: Annotated[  # noqa: A002 - it is the name of the option
        Literal["human", "json"],
        typer.Option(help="A card to read, or the whole manifest as JSON."),
    ] = "human",
    accept_licence: AcceptOption = False,
) -> None:
    """Show what a model holds: genres and families, threshold, licence, source, measured scores."""
    import json
    from dataclasses import asdict

    from genretag.cli.licence import require_agreement
    from genretag.inference import store
    from genretag.library import paths
    from genretag.pipeline.load import load_calibrated

    file = store.locate(model, paths.cache_dir(), paths.data_dir())
    loaded = load_calibrated(file, paths.data_dir(), "cpu")
    if accept_licence:
        require_agreement(loaded.manifest, loaded.digest, given=True)
    calibration = loaded.calibration
    if format == "human":
        from rich.console import Console

        from genretag.report import model_card

        console = Console(highlight=False)
        model_card.print_card(
            loaded.manifest, loaded.digest, loaded.identity, file, console, calibration
        )
        return
    known = {"identity": loaded.identity, "sha256": loaded.digest}
    saved = {"saved_calibration": asdict(calibration)} if calibration else {}
    manifest = (loaded.raw if calibration else loaded).manifest  # as the file has it
    typer.echo(json.dumps(known | json.loads(manifest.to_json()) | saved, indent=2))


app.command("import")(import_model)


@app.command()
def pull(
    address: Annotated[
        str, typer.Argument(metavar="hf:OWNER/REPO[@REV][:PATH]", show_default=False)
    ],
    sha256: DigestOption = None,
    accept_licence: AcceptOption = False,
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
    from genretag.cli.licence import require_agreement
    from genretag.inference import store
    from genretag.library import paths

    expected = parse_digest(sha256)
    if not address.startswith(store.HUB_PREFIX):
        raise UsageError(
            Code.UNKNOWN_MODEL,
            f"{address!r} is no address of a model on the Hub",
            "Write it as hf:OWNER/REPO, hf:OWNER/REPO@REVISION or hf:OWNER/REPO@REVISION:PATH.",
        )
    before = store.list_pulled(paths.cache_dir()).values()
    file = store.locate(address, paths.cache_dir(), paths.data_dir())
    try:
        facts, model = _verify(file, expected)
        require_agreement(model.manifest, model.digest, accept_licence)
        _print_facts(facts)
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
    """Remove models that were learned, imported or fetched; those that came with genretag stay.

    A learned model can be made anew by [bold]genretag learn[/], a fetched one be fetched again.
    """
    from genretag.cli.output import translate_errors
    from genretag.cli.terminal import ask, can_ask
    from genretag.inference import store
    from genretag.library import paths
    from genretag.report.text import visible

    own = {**store.list_imported(paths.data_dir()), **store.list_learned(paths.data_dir())}
    pulled = store.list_pulled(paths.cache_dir())
    for name in names:
        _check_removable(name, {**own, **pulled})
    question = f"Remove {', '.join(map(visible, names))}?"
    removed = {own[name] for name in names if name in own}
    if needing := _find_learned_on(removed):
        typer.echo(
            f"Learned on it, and of no use without it: {', '.join(map(visible, needing))}", err=True
        )
    if not yes and can_ask() and not ask(question):
        typer.echo("Nothing was removed.", err=True)
        return
    for name in dict.fromkeys(names):
        file = own.get(name) or pulled[name]
        with translate_errors(file):
            if name in own:
                file.unlink()
            else:
                store.remove_pulled(file, paths.cache_dir())
        typer.echo(f"Removed {visible(name)} ({visible(str(file))})")


def _find_learned_on(files: Collection[Path]) -> list[str]:
    """Return the names of learned models that need one of `files`, and are none of them."""
    from contextlib import suppress

    from genretag.inference import store
    from genretag.inference.learned import read_learned
    from genretag.library import paths

    found = []
    for name, head in store.list_learned(paths.data_dir()).items():
        with suppress(GenretagError):  # what is damaged needs nothing
            if head not in files and read_learned(head).base_file in files:
                found.append(name)
    return found


def _check_removable(name: str, removable: "Mapping[str, Path]") -> None:
    """Raise UsageError if there is no such model to remove."""
    from genretag.inference import store

    if name in store.list_bundled():
        raise UsageError(
            Code.BAD_OPTION,
            f"{name} came with genretag and stays",
            "Name a learned, imported or fetched one.",
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

    expected = parse_digest(sha256)
    file = store.locate(model, paths.cache_dir(), paths.data_dir())
    _print_facts(_verify(file, expected)[0])


def _verify(file: Path, expected: str | None) -> tuple[dict[str, str], "Model"]:
    """Return facts about a model that is what it should be, and the model.

    Raises:
        RunError: `wrong-digest`, its SHA-256 is another; `model-invalid`, it cannot be used.
    """
    from genretag.inference import session, store
    from genretag.pipeline.load_model import load_model

    digest = session.digest_of(file)
    expected = expected or store.hub_digest(file)
    if expected not in (None, digest):
        raise RunError(
            Code.WRONG_DIGEST,
            f"{file}: its SHA-256 is {digest}, not {expected}",
            "Do not use it: ask its publisher for the digest, or pull it again.",
        )
    model = load_model(file, "cpu")
    pinned = store.read_hub_address(file)
    facts = {"model": model.identity, "sha256": digest, "file": str(file)}
    if pinned:
        facts = {"address": str(pinned)} | facts
    against = "" if expected is None else ", the SHA-256 is the expected one"
    facts |= {"verified": f"it scores {len(model.manifest.genres)} genres{against}"}
    return facts, model


def _print_facts(facts: Mapping[str, str]) -> None:
    from genretag.report.text import visible

    width = max(map(len, facts))
    for name, value in facts.items():
        typer.echo(f"{name:<{width}}  {visible(value)}")
