"""`genretag cache`: what was heard before."""

import typer

app = typer.Typer(no_args_is_help=True, help="Look at or forget what was heard before.")


@app.command()
def stats() -> None:
    """Show how many files and sounds are remembered, where, and how much room that takes."""
    from rich.console import Console
    from rich.table import Table

    from genretag.library.cache import FILE, Cache
    from genretag.library.places import cache_dir

    with Cache(cache_dir(), _warn) as cache:
        sizes = cache.sizes()
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_row("files that need not be opened while nobody changes them", f"{sizes.files:,}")
    table.add_row("sounds that need not be heard again", f"{sizes.sounds:,}")
    table.add_row("on disk", f"{sizes.bytes / 1e6:,.1f} MB")
    table.add_row("in", str(cache_dir() / FILE))
    Console().print(table)


@app.command()
def clear() -> None:
    """Forget all of it; tags and the history of runs stay as they are."""
    from genretag.library.cache import Cache
    from genretag.library.places import cache_dir

    with Cache(cache_dir(), _warn) as cache:
        sizes = cache.sizes()
        done = cache.clear()
    if not done:
        raise typer.Exit(1)
    typer.echo(f"Forgot {sizes.files:,} files and {sizes.sounds:,} sounds.")


def _warn(message: str) -> None:
    typer.echo(f"Warning: {message}", err=True)
