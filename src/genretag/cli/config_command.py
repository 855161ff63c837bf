"""`genretag config`: where the config file is and what it says."""

import typer

app = typer.Typer(no_args_is_help=True, help="Show the config file and where it is.")


@app.command()
def path() -> None:
    """Print the path of the config file, whether it exists or not."""
    from genretag.library import places

    typer.echo(places.config_file())


@app.command()
def show() -> None:
    """Print the options that the config file sets."""
    from genretag.cli import config
    from genretag.library import places

    file = places.config_file()
    settings = config.read(file)
    if not settings:
        typer.echo(f"{file} sets nothing.", err=True)
    for name, value in settings.items():
        typer.echo(f"{name.replace('_', '-')} = {value!r}")
