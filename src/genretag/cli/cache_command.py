"""`genretag cache`: show and clear cached predictions."""

import typer

app = typer.Typer(no_args_is_help=True, help="Show or clear cached predictions.")


@app.command()
def stats() -> None:
    """Show how many files and sounds are cached, and all that the cache folder holds."""
    from rich.console import Console

    from genretag.library import usage
    from genretag.library.cache import Cache
    from genretag.library.paths import cache_dir
    from genretag.report import facts

    with Cache(cache_dir(), _warn) as cache:
        cached = cache.sizes()
    sizes = usage.measure_sizes(cache_dir())
    parts = [f"{_format_size(size)}  {name}" for name, size in sizes.items()]
    facts.print_facts(
        [
            ("files", f"{cached.files:,} that need not be opened while nobody changes them"),
            ("sounds", f"{cached.sounds:,} that need not be analysed again"),
            ("on disk", "\n".join([f"{_format_size(sum(sizes.values()))}  in all", *parts])),
            ("in", facts.unbroken(cache_dir())),
        ],
        Console(highlight=False),
    )


@app.command()
def clear() -> None:
    """Clear cached predictions; tags, the history of runs and models from the Hub stay."""
    from genretag.library.cache import Cache
    from genretag.library.paths import cache_dir

    with Cache(cache_dir(), _warn) as cache:
        sizes = cache.sizes()
        done = cache.clear()
    if not done:
        raise typer.Exit(1)
    typer.echo(f"Forgot {sizes.files:,} files and {sizes.sounds:,} sounds.")


def _format_size(size: int) -> str:
    return f"{size / 1e6:7,.1f} MB"


def _warn(message: str) -> None:
    typer.echo(f"Warning: {message}", err=True)
