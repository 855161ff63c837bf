"""`genretag models`: which models there are and what they say of themselves."""

from typing import Annotated

import typer

from genretag.cli.options import DEFAULT_MODEL

app = typer.Typer(no_args_is_help=True, help="List models and show what one says of itself.")


@app.command("list")
def list_models() -> None:
    """List the models that came with genretag."""
    from rich.console import Console
    from rich.table import Table

    from genretag.inference import session, store

    table = Table(box=None, header_style="bold")
    for column in ("name", "version", "genres", "licence", "description"):
        table.add_column(column, no_wrap=column == "name")
    for name, path in store.bundled().items():
        manifest = session.load(path).manifest
        label = f"{name} (default)" if name == store.DEFAULT else name
        table.add_row(
            label,
            manifest.version,
            str(len(manifest.genres)),
            manifest.licence,
            manifest.description,
        )
    Console().print(table)


@app.command()
def show(
    model: Annotated[str, typer.Argument(metavar="NAME|FILE|hf:OWNER/REPO[@REV]")] = DEFAULT_MODEL,
) -> None:
    """Print a model's manifest as JSON: genres, front end, training data, measured scores."""
    import json

    from genretag.inference import session, store
    from genretag.library import places

    loaded = session.load(store.locate(model, places.cache_dir()))
    manifest = json.loads(loaded.manifest.to_json())
    typer.echo(
        json.dumps({"identity": loaded.identity, "sha256": loaded.digest} | manifest, indent=2)
    )
