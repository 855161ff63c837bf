"""`genretag learn`: fit a model to the genres that a person gave part of a library."""

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from genretag.cli.finding import FindingOptions, PathsArgument
from genretag.cli.options import InferenceOptions, OutputOption, PlaceholderOption, in_output
from genretag.cli.session import open_session
from genretag.option_groups import with_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from genretag.cli.display import Display
    from genretag.cli.session import Predictor
    from genretag.domain.outcome import Outcome
    from genretag.learning.library import LearnedGenres, TaggedLibrary
    from genretag.pipeline.learn import LearningSettings

in_learning = partial(typer.Option, rich_help_panel="What is learned")


@with_options(without=("batch_size", "engine", "ray_address"))
def learn(
    paths: PathsArgument,
    *,
    name: Annotated[
        str,
        in_learning(metavar="NAME", help="Name of the model, for [bold]--model[/]."),
    ] = "my-genres",
    dry_run: Annotated[
        bool, in_learning("--dry-run", "-n", help="Show what it would be worth, save nothing.")
    ] = False,
    min_tracks: Annotated[
        int,
        in_learning(min=2, help="Learn genres of so many tracks; rarer ones count as broader."),
    ] = 10,
    min_artists: Annotated[int, in_learning(min=2, help="And by so many artists.")] = 3,
    target_precision: Annotated[
        float,
        in_learning(
            min=0.5,
            max=0.99,
            help="Write a genre where surely this share of what is written is right.",
        ),
    ] = 0.85,
    genre_map: Annotated[
        Path | None,
        in_learning(
            "--map",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="TOML file whose parents and aliases say what names mean.",
            show_default=False,
        ),
    ] = None,
    placeholder: PlaceholderOption = None,
    inference: InferenceOptions,
    finding: FindingOptions,
    format: Annotated[  # noqa: A002 - it is the name of the option
        Literal["human", "json"],
        in_output(help="Tables to read, or one object."),
    ] = "human",
    output: OutputOption = None,
) -> None:
    """Learn the genres that you gave the files under PATH, and save them as a model.

    It takes your own names, however narrow, from the files that have a genre; what genretag wrote
    does not count. Each genre needs some ten tracks by three artists. Heads that were fitted
    without a track's artist tell how good the model is, before anything is saved. Nothing is
    written into the files.

    [bold]Examples[/]

    [cyan]genretag learn ~/Music[/]

    [cyan]genretag scan -n --model my-genres ~/Music[/]  shows what it writes into the others
    """
    from genretag.inference import store
    from genretag.library.paths import data_dir

    store.learned_file(name, data_dir())  # a name that is taken is refused at once
    with open_session(inference) as session:
        from genretag.cli.display import Display
        from genretag.domain.placeholder import parse_placeholders
        from genretag.inference.statistics import load_statistics
        from genretag.library import maps
        from genretag.pipeline.learn import LearningSettings, learn_library
        from genretag.report.paths import common_folder

        files = finding.find(paths)
        display = Display(lambda: files.found, common_folder(paths))
        predictor = session.predictor(display.warn)
        _check_base(predictor)
        names = maps.read(genre_map, predictor.manifest.genres)
        settings = LearningSettings(
            maps.extend_taxonomy(names),
            min_tracks,
            min_artists,
            target_precision,
            genre_map=names,
            statistics=load_statistics(predictor.file, predictor.loaded.digest),
        )
        placeholders = parse_placeholders(placeholder, (), names)
        library = _collect(files, predictor, display, placeholders, finding.video)
        with _fitting() as progress:
            found = learn_library(library, predictor.loaded, settings, progress)
    _show(library, found, format, output)
    _refuse_guesses(found)
    if not dry_run:
        _save(name, found, predictor, settings, paths)
    raise typer.Exit(display.exit_code)


def _check_base(predictor: "Predictor") -> None:
    """Raise UsageError `bad-option` if nothing can be learned on a model."""
    from genretag.errors import Code, UsageError

    manifest = predictor.manifest
    if manifest.base:
        raise UsageError(
            Code.BAD_OPTION,
            f"{manifest.name} was learned itself, on {manifest.base.model}",
            f"Learn on that: --model {manifest.base.model}",
        )
    if not predictor.loaded.embeds:
        raise UsageError(
            Code.BAD_OPTION,
            f"{manifest.name} gives no embeddings, which genres are learned on",
            "Export it again with this version, or use the default model.",
        )


def _collect(
    files: "Iterable[Path | Outcome]",
    predictor: "Predictor",
    display: "Display",
    placeholders: frozenset[str],
    video: bool,
) -> "TaggedLibrary":
    """Analyse the files that have a genre; files that fail are shown, and the others go on."""
    from genretag.domain.selection import Selection
    from genretag.library.paths import data_dir
    from genretag.pipeline.learn import collect_tagged
    from genretag.pipeline.survey import read_written

    selection = Selection("tagged", placeholders, video)
    with (
        display,
        predictor.cache() as cache,
        predictor.analyses(files, selection, cache) as analyses,
    ):
        return collect_tagged(
            display.show_analyses(analyses), read_written(data_dir()), placeholders
        )


@contextmanager
def _fitting() -> "Iterator[Callable[[int, int], None]]":
    """Show how far the fitting is, on a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    try:
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("Fitting", total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
    except KeyboardInterrupt:
        typer.echo("Interrupted; nothing was saved, and what was analysed is cached.", err=True)
        raise


def _show(
    library: "TaggedLibrary", found: "LearnedGenres", format_: str, output: Path | None
) -> None:
    import json

    from rich.console import Console

    from genretag.cli.output import open_result
    from genretag.report.learning import print_learned, to_dict

    with open_result(output) as stream:
        if format_ == "json":
            stream.write(json.dumps(to_dict(library, found), indent=2) + "\n")
        else:
            print_learned(library, found, Console(file=stream, highlight=False))


def _refuse_guesses(found: "LearnedGenres") -> None:
    """Raise RunError `not-learnable` if a head is no better than the commonest genre."""
    from genretag.errors import Code, RunError

    judgement = found.judgement
    if not judgement.is_better_than_guessing:
        raise RunError(
            Code.NOT_LEARNABLE,
            f"Nothing was saved: {judgement.accuracy.value:.0%} right is no better than always "
            f"saying {judgement.commonest}, which would be right for "
            f"{judgement.commonest_share:.0%}",
            "Tag more files, of more artists, or genres that differ more in sound.",
        )


def _save(
    name: str,
    found: "LearnedGenres",
    predictor: "Predictor",
    settings: "LearningSettings",
    paths: list[Path],
) -> None:
    """Save the model, and say how to use it."""
    import shlex

    from genretag.cli.output import translate_errors
    from genretag.inference import store
    from genretag.inference.learned import save_learned
    from genretag.library.paths import data_dir
    from genretag.pipeline.learned_manifest import describe
    from genretag.report.text import visible

    file = store.learned_file(name, data_dir())
    own = store.list_imported(data_dir()) | store.list_bundled()
    names = {path.absolute(): known for known, path in own.items()}
    base = predictor.file.absolute()
    source = names.get(base) or str(base)
    manifest = describe(found, name, predictor.loaded, source, settings)
    head = found.learned.head
    with translate_errors(file):
        kept = save_learned(file, manifest, head.weight, head.bias)
    typer.echo(err=True)
    if kept:
        typer.echo(f"The {name} that was there is {kept.stem} now.", err=True)
    typer.echo(f"Saved {name}. See what it would write into files without a genre:", err=True)
    command = ["genretag", "scan", "-n", "--model", name, *map(str, paths)]
    typer.echo(f"  {visible(shlex.join(command))}", err=True)
