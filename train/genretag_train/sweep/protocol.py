"""Protocols: comparisons whose split and genres are given, so that one's scores mean another's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from genretag.errors import Code, UsageError
from genretag_train.data import fma
from genretag_train.data.dataset import bad_dataset
from genretag_train.progress import Notify, Progress
from genretag_train.run_folder import write_json
from genretag_train.sweep.compare import (
    COMPARISON,
    PUBLISHED,
    SCHEMA,
    Comparison,
    check_comparison,
    compare_recipes,
    read_finished,
)


@dataclass(frozen=True)
class Protocol:
    """A subset of FMA, settings, and tasks, each a choice of genres, that are compared.

    `tasks` has the setting `genres` by the name of a task. The study published scores of
    `published_task`. `fixed` are the settings that decide which clips are judged; `shared` are
    those that --config and recipes beat.
    """

    subset: str
    tasks: Mapping[str, str]
    published_task: str
    fixed: Mapping[str, Any]
    shared: Mapping[str, Any]


PROTOCOLS: Mapping[str, Protocol] = {
    "fma-large-artist": Protocol(
        "fma_large",
        {
            # By name, as a clip that cannot be read must not decide which genres are learned.
            "12-genres": "Classical, Electronic, Experimental, Folk, Hip-Hop, Instrumental, "
            "International, Jazz, Old-Time / Historic, Pop, Rock, Spoken",
            "16-genres": "",
        },
        "12-genres",
        {
            "label_column": "", "min_tracks": 1, "min_groups": 1, "min_s": 1.0,
            "split": "artist", "split_seed": 42,
        },
        {
            "clip_s": 30.0, "window_s": 30.0, "windows": 1, "epochs": 40, "batch_size": 32,
            "accelerator": "gpu", "precision": "16-mixed", "loaders": 6, "threads": 8,
        },
    ),
}  # fmt: skip


def run_protocol(
    name: str, comparison: Comparison, notify: Notify, progress: Progress
) -> dict[str, Any]:
    """Compare the recipes at each task of a protocol, in a folder of `comparison.out` for each.

    Raises:
        UsageError: there is no such protocol, or as `compare_recipes`.
        RunError: `bad-dataset`, the data is not the subset that the protocol is about.
    """
    protocol = _find(name)
    tasks = {
        task: replace(
            comparison,
            out=comparison.out / task,
            shared={**protocol.shared, **comparison.shared},
            fixed={**protocol.fixed, "genres": genres},
            published=PUBLISHED if task == protocol.published_task else {},
        )
        for task, genres in protocol.tasks.items()
    }
    for of_task in tasks.values():
        check_comparison(of_task)
    if not all(map(read_finished, tasks.values())):
        _require_subset(comparison.data, name, protocol.subset)
    found = {}
    for task, of_task in tasks.items():
        notify(f"{task}:")
        found[task] = compare_recipes(of_task, notify, progress)
    summary = {"schema": SCHEMA, "protocol": name, "tasks": found}
    write_json(comparison.out / COMPARISON, summary)
    return summary


def _find(name: str) -> Protocol:
    if name not in PROTOCOLS:
        raise UsageError(
            Code.BAD_OPTION,
            f"There is no protocol {name!r}",
            f"Known: {', '.join(PROTOCOLS)}.",
        )
    return PROTOCOLS[name]


def _require_subset(data: Path, name: str, subset: str) -> None:
    hint = f"Give --data the folder that `genretag train fetch {subset} --out FOLDER` filled."
    if not data.exists() or not fma.is_fma(data):
        raise bad_dataset(f"{data}: it is no FMA folder, which the protocol {name} needs", hint)
    found = fma.find_subset(data).name
    if found != subset:
        raise bad_dataset(f"{data}: it holds {found}, and the protocol {name} needs {subset}", hint)
