"""Songs to write into, plans for them, and processes that write and may be killed at any instant.

Run as a script, it imports what writing needs once, and then forks a process for each line of
standard input: the folder of the journal and a plan, or null to undo the last run.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from genretag import tags
from genretag.domain.change import TagChange
from genretag.domain.layout import PLAIN, Layout
from genretag.domain.outcome import Outcome, Planned
from genretag.domain.places import FieldChange, Values
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.library import files
from genretag.library.journal import Entry, Journal
from genretag.pipeline import plan, undo
from genretag.pipeline.write import Writer, recover
from genretag.report import jsonl

sys.path.append(str(Path(__file__).parents[1]))
sys.path.append(str(Path(__file__).parents[1] / "tags"))
from audio_files import RECIPES, encode, noise
from fixtures import empty, full, payload
from one_shot import other_fields, raw_genres
from readers import FILES
from test_properties import fill, genre_lists, tag_sets

__all__ = [
    "FILES",
    "Content",
    "Writers",
    "apply",
    "empty",
    "fill",
    "full",
    "genre_lists",
    "pending",
    "planned",
    "songs",
    "staged_in",
    "tag_sets",
    "take_back",
    "write_plan",
    "writing",
]

KINDS = ("FLAC", "MP3", "Ogg Vorbis", "MP4", "WAV", "WavPack")


HEARD = Prediction((ScoredGenre("Rock", 0.5),), 4, 241.3, "toy@0123456789ab")


def planned(
    path: Path, *after: str, layout: Layout = PLAIN, fields: Values = MappingProxyType({})
) -> Planned:
    """The decision to write `after` and other `fields` into a file as it is now."""
    with tags.open(path) as file:
        track, held = file.track, file.values(fields)
    changes = tuple(FieldChange(place, held[place], names) for place, names in fields.items())
    change = TagChange(
        path,
        track.container or "",
        track.genres,
        after,
        layout,
        files.read_stamp(path),
        fields=changes,
    )
    return Planned.of(change, HEARD)


def write_plan(path: Path, outcomes: Iterable[Outcome]) -> Path:
    """The file that `scan --plan` writes."""
    with path.open("w", encoding="utf-8") as stream:
        report = jsonl.reporter(stream)
        for outcome in outcomes:
            report(outcome)
    return path


@contextmanager
def writing(folder: Path, **options: Any) -> Iterator[Writer]:
    """A run over the journal in `folder`, as commands start one."""
    with closing(Journal(folder)) as journal:
        recover(journal)
        with journal.run("test", options.pop("undoes", None)) as run:
            yield Writer(journal, run, **options)


def apply(folder: Path, outcomes: Iterable[Outcome], **options: Any) -> list[Outcome]:
    """Carry out what is planned."""
    with writing(folder, **options) as writer:
        return list(writer.apply(outcomes))


def take_back(folder: Path, run: int | None = None) -> list[Outcome]:
    """Undo a run, the last by default."""
    with closing(Journal(folder)) as journal:
        recover(journal)
        target = undo.find_run(journal, run)
        if target is None:
            return []
        outcomes = undo.plan(journal, target.id)
        return apply(folder, outcomes, undoes=target.id)


def pending(folder: Path) -> list[Entry]:
    """Entries that no run has settled."""
    with closing(Journal(folder)) as journal:
        runs = [record.id for record in journal.history()]
        return [entry for run in runs for entry in journal.changes(run, "pending")]


def staged_in(folder: Path) -> list[Path]:
    """Copies that nobody has removed."""
    return sorted(folder.rglob(f"{files.STAGED_PREFIX}*"))


@dataclass(frozen=True)
class Content:
    """What a file holds: its genres as stored, everything else in its tags, its sound."""

    raw: tags.RawGenres
    others: Any
    sound: str

    @classmethod
    def of(cls, path: Path, kind: str) -> Self:
        return cls(raw_genres(path), other_fields(path), payload(path, kind))


def songs(folder: Path, seconds: float) -> dict[Path, str]:
    """Two files of each of KINDS, one without tags and one with an old genre; path to kind."""
    made = {}
    for kind in KINDS:
        recipe = RECIPES[kind]
        # A lossless second is as large as ten of the others.
        lossy = recipe.codec in ("libmp3lame", "vorbis", "aac")
        sound = noise(seconds * (10 if lossy else 1))
        bare = encode(folder / f"bare {kind}.{recipe.suffix}", sound, recipe)
        full = Path(shutil.copyfile(bare, folder / f"full {kind}.{recipe.suffix}"))
        fill(full, kind, {"Mood": ["calm", "näher"], "Comment": ["x" * 2000]})
        tags.write(full, ("Old", "Older"))
        made |= {bare: kind, full: kind}
    return made


def copies(folder: Path, music: Path, most: int = 12) -> dict[Path, str]:
    """Copies of the smallest files of every kind in `music`; path to kind."""
    kinds = {recipe.suffix: kind for kind, recipe in RECIPES.items() if kind in KINDS}
    kinds["opus"] = "Opus"
    found: dict[str, list[Path]] = {suffix: [] for suffix in kinds}
    for path in sorted(music.rglob("*.*"), key=lambda path: path.stat().st_size):
        if path.suffix[1:] in kinds and tags.read(path).container:
            found[path.suffix[1:]].append(path)
    chosen = [path for several in found.values() for path in several[: most // 2]][:most]
    return {
        Path(shutil.copy2(path, folder / f"{number} {path.name}")): kinds[path.suffix[1:]]
        for number, path in enumerate(chosen)
    }


class Writers:
    """Starts writers, kills or interrupts them, and says how they ended."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._server = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server.stdin
        self._server.stdin.close()
        self._server.wait(60)

    def run(
        self,
        plan_: Path | None,
        wait: Callable[[], object] | None = None,
        number: int = 9,
    ) -> tuple[int, float]:
        """Carry out a plan or undo the last run; the process gets a signal once `wait` returns.

        Returns:
            How the process ended, negative for a signal, and the seconds that it ran.
        """
        line = json.dumps([str(self._journal), plan_ and str(plan_)])
        process = int(self._asked(line))
        started = time.monotonic()
        if wait is not None:
            wait()
            os.kill(process, number)
        status = int(self._asked(""))
        return os.waitstatus_to_exitcode(status), time.monotonic() - started

    def _asked(self, line: str) -> str:
        assert self._server.stdin and self._server.stdout
        self._server.stdin.write(f"{line}\n")
        self._server.stdin.flush()
        return self._server.stdout.readline()


def serve(lines: Iterable[str]) -> None:
    """Fork a writer for each line; an empty line waits for it, so that its number stays its own."""
    process = 0
    for line in lines:
        if not line.strip():
            _tell(os.waitpid(process, 0)[1])
            continue
        process = os.fork()
        if not process:
            os._exit(carry_out(*json.loads(line)))
        _tell(process)


def _tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def carry_out(folder: str, plan_: str | None) -> int:
    """What `genretag apply` or `genretag undo` does; its exit code."""
    try:
        if plan_ is None:
            take_back(Path(folder))
        else:
            apply(Path(folder), plan.read(Path(plan_)).changes)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    # Who runs the tests in the background has it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    serve(sys.stdin)
