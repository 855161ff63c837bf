"""`genretag models import`: make one model out of files that other people published."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from genretag.cli.digest import DigestOption, parse_digest
from genretag.cli.licence import AcceptOption
from genretag.errors import Code, ExtraMissingError, RunError, UsageError

if TYPE_CHECKING:
    from genretag.pipeline.import_model import SelfCheck

_ESSENTIA_LICENCE = "CC BY-NC-SA 4.0 (as Essentia licenses its models; the file does not say)"
_SHOWN_SCORES = 5


class _Given(NamedTuple):
    """A file: where it lies now, and where it comes from."""

    path: Path
    origin: str


def import_model(
    file: Annotated[str, typer.Argument(metavar="FILE.onnx|hf:OWNER/REPO[@REV]:PATH",
                                        show_default=False)],
    metadata: Annotated[str | None, typer.Option(
        metavar="FILE.json", show_default=False,
        help="The JSON that was published with it. Default: the same name with .json.")] = None,
    head: Annotated[str | None, typer.Option(
        metavar="HEAD.onnx", show_default=False,
        help="A classifier on the embeddings of the model.")] = None,
    head_metadata: Annotated[str | None, typer.Option(
        metavar="HEAD.json", show_default=False,
        help="The JSON of the head. Default: its name with .json.")] = None,
    name: Annotated[str | None, typer.Option(
        metavar="NAME", show_default=False,
        help="How to call it. Default: the name of the file, of the head if there is one.")] = None,
    output: Annotated[str | None, typer.Option(
        metavar="OUTPUT", show_default=False,
        help="Which output holds the predictions, if the JSON does not say.")] = None,
    licence: Annotated[str | None, typer.Option(
        metavar="TEXT", show_default=False,
        help="The licence of the weights, if the JSON does not say.")] = None,
    sha256: DigestOption = None,
    accept_licence: AcceptOption = False,
) -> None:  # fmt: skip
    """Make a model of other people usable here, such as Essentia's with 400 styles.

    It takes the ONNX file and the JSON that Essentia publishes beside it, for
    MusiCNN, VGGish, Discogs-EffNet, MAEST, and heads on their embeddings.
    Nobody has measured on your library how right such a model is, and every
    score says so until [bold]genretag evaluate --save[/] has. The files are
    checked before anything is computed, in a process of its own.

    It prints a self-check: whoever has the same files must get the same.

    [bold]Examples[/]

    genretag models import discogs-effnet-bs64-1.onnx --accept-licence

    genretag models import MODEL.onnx --head HEAD.onnx --licence "CC BY-NC-SA 4.0"

    genretag models import hf:OWNER/REPO@REV:maest.onnx --sha256 DIGEST
    """
    from genretag.inference import store
    from genretag.library import paths

    _require_onnx()
    if head_metadata and not head:
        raise UsageError(
            Code.BAD_OPTION, "--head-metadata needs a head", "Name it with --head HEAD.onnx."
        )
    expected = parse_digest(sha256)
    name = name or Path((head or file).rpartition(":")[2]).stem
    place = store.imported_file(name, paths.data_dir())
    with _fetching() as fetch:
        graph = fetch(file)
        texts = [head, head_metadata or (head and _beside(head))]
        other = [fetch(text) if text else None for text in texts]
        for one in filter(None, (graph, other[0])):
            _check_kind(one.path)
        _check_digest(graph, expected)
        files = [graph, fetch(metadata or _beside(file)), *other]
        check = _import(files, name, output, licence, place, accept_licence)
    _print_check(check, place)


def _import(
    files: list[_Given | None],
    name: str,
    output: str | None,
    licence: str | None,
    place: Path,
    accept_licence: bool,
) -> "SelfCheck":
    from genretag.cli.licence import agree, remember
    from genretag.inference.importing.build import PublishedModel
    from genretag.inference.importing.metadata import read_metadata
    from genretag.pipeline.import_model import import_model

    graph, metadata, head, head_metadata = (one and one.path for one in files)
    assert graph and metadata
    described = [read_metadata(path).licence for path in (head_metadata, metadata) if path]
    licence = next(filter(None, (licence, *described, _ESSENTIA_LICENCE)))
    agree(name, licence, accept_licence)
    typer.echo("Checking the files. With a large model that takes half a minute.", err=True)
    source = {"files": ", ".join(one.origin for one in files if one)}
    published = PublishedModel(graph, metadata, head, head_metadata, output)
    check = import_model(published, name, licence, source, place)
    remember(check.manifest, check.digest)
    return check


def _require_onnx() -> None:
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise ExtraMissingError("Importing a model", "import") from error


def _beside(file: str) -> str:
    """Return where the metadata of a file are published: under its name with .json."""
    return f"{file.removesuffix('.onnx')}.json"


@contextmanager
def _fetching() -> Iterator[Callable[[str], _Given]]:
    """Yield what finds a file, or fetches it from the Hub for as long as this lasts."""
    from tempfile import TemporaryDirectory

    from genretag.inference import store
    from genretag.report.text import visible

    with TemporaryDirectory(prefix="genretag-import-") as folder:

        def fetch(text: str) -> _Given:
            if not text.startswith(store.HUB_PREFIX):
                path = Path(text)
                store.require_file(path)
                return _Given(path, visible(path.name))  # a manifest holds no odd bytes
            path = store.download(store.parse_hub_address(text), Path(folder))
            given = _Given(path, str(store.read_hub_address(path)))
            _check_digest(given, store.hub_digest(path))
            return given

        yield fetch


def _check_kind(path: Path) -> None:
    """Raise UsageError if a path is not that of an ONNX file."""
    if path.suffix.lower() != ".onnx":
        raise UsageError(
            Code.BAD_OPTION,
            f"{path}: the name of an ONNX file ends in .onnx",
            "Convert a TensorFlow file (.pb) first, for instance by tf2onnx. Name the JSON with "
            "--metadata.",
        )
    if not path.is_file():
        raise UsageError(Code.NOT_FOUND, f"{path}: no such file", "Check the spelling.")


def _check_digest(given: _Given, expected: str | None) -> None:
    from genretag.inference.session import digest_of

    digest = digest_of(given.path) if expected else None
    if digest != expected:
        raise RunError(
            Code.WRONG_DIGEST,
            f"{given.origin}: its SHA-256 is {digest}, not {expected}",
            "Do not use it: ask its publisher for the digest, or fetch it again.",
        )


def _print_check(check: "SelfCheck", place: Path) -> None:
    """Print what a person with the same files can compare."""
    from rich.console import Console

    from genretag.report import facts
    from genretag.report.text import visible

    manifest, built = check.manifest, check.built
    sides = " x ".join(str(side or "?") for side in built.input_shape)
    batch = f"always {check.batch} windows at once" if check.batch else "any number of windows"
    scores = [f"{one.name} {one.score:.4f}" for one in check.scores[:_SHOWN_SCORES]]
    embeddings = f"{check.embedding_width:,} numbers" if check.embedding_width else "none"
    console = Console(highlight=False)
    typer.echo(visible(f"Imported {manifest.name} ({len(manifest.genres)} genres)"))
    typer.echo("Whoever has the same files must get the same:")
    facts.print_facts(
        [
            *((f"given {name}", facts.unbroken(digest)) for name, digest in check.digests),
            ("model", facts.unbroken(check.digest)),
            ("input", f"{sides}: {batch} of {manifest.window.length_s:.2f} s"),
            ("output", f"{built.output}, {manifest.activation}, {built.n_classes} classes"),
            ("embeddings", embeddings),
            ("test sound", ", ".join(scores)),
            ("file", facts.unbroken(place)),
        ],
        console,
    )
    typer.echo(f"Try: genretag scan -n --model {manifest.name} FOLDER", err=True)
