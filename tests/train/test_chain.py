"""The whole way from a download to tags, command by command, for every architecture."""

import csv
import hashlib
import io
import json
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fma_tree
import numpy as np
import pytest
import yaml
from data_server import served
from matplotlib.image import imread
from typer.testing import CliRunner

from genretag.cli.app import app
from genretag.inference import session
from genretag_train.data.fma import METADATA, TABLE
from genretag_train.nets import NETS
from genretag_train.plots.pictures import PICTURES

GENRES = {"Hip-Hop", "Old-Time", "Rock"}
CLIPS_PER_GENRE = 8
TINY = {"window_s": 1.0, "hidden": 4, "rnn_hidden": 4, "batch_size": 8, "threads": 1}
TINY |= {"mask_s": 0.1, "mask_mels": 8, "min_accepted": 1, "min_tracks": 4}


def genretag(*arguments: object) -> str:
    """What `genretag ...` prints on stdout, once it has ended well."""
    done = CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "120"})
    assert done.exit_code == 0, done.output
    return done.stdout


def options(settings: dict[str, object]) -> list[str]:
    return [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]


def zipped(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        for file in sorted(folder.rglob("*")):
            out.write(file, file.relative_to(folder.parent))
    return packed.getvalue()


def table(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where all commands work, with a configuration and a journal of its own."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENRETAG_CONFIG", str(folder / "none.toml"))
        for place in ("CACHE", "DATA"):
            patch.setenv(f"GENRETAG_{place}_DIR", str(folder / "own"))
        yield folder


@pytest.fixture(scope="module")
def fma(home: Path) -> Path:
    """FMA's table and clips, fetched from a server."""
    there = fma_tree.tree(home / "server", CLIPS_PER_GENRE)
    for name in (METADATA, "fma_small"):
        content = zipped(there / name)
        with served(content) as server:
            told = ["--url", server.url, "--sha1", hashlib.sha1(content).hexdigest()]
            shown = genretag("train", "fetch", name, *told, "--out", home / "fma")
        assert Path(shown.strip()) == home / "fma" / name
    return home / "fma"


@pytest.fixture(scope="module", params=sorted(NETS))
def run(request: pytest.FixtureRequest, home: Path, fma: Path) -> Path:
    """Two epochs with each architecture."""
    out = home / "runs" / request.param
    settings = options(TINY | {"arch": request.param, "epochs": 2})
    genretag("train", "--data", fma, "--cache", home / "cache", "--out", out, *settings)
    return out


def test_fetched_clips_are_those_that_were_served(home: Path, fma: Path) -> None:
    def contents(folder: Path) -> dict[Path, bytes]:
        files = (file for file in folder.rglob("*.*") if file.is_file() and file.suffix)
        return {file.relative_to(folder): file.read_bytes() for file in files}

    assert contents(fma) == contents(home / "server")


def test_features_are_computed_for_every_fetched_clip_with_sound(home: Path, fma: Path) -> None:
    settings = options({name: TINY[name] for name in ("window_s", "min_tracks")})
    folder = home / "features"
    shown = genretag("train", "features", "--data", fma, "--out", folder, "-j", 1, *settings)
    assert [line.split("\t")[0] for line in shown.splitlines()] == list(fma_tree.unfit().values())
    arrays = [np.load(file) for file in folder.glob("*.npy")]
    powers = [array for array in arrays if array.ndim == 2]
    assert len(powers) == CLIPS_PER_GENRE * len(GENRES)
    assert len(arrays) > len(powers)  # the windows of those held out


def test_a_sweep_of_three_trials_lists_three_with_the_best_first(home: Path, fma: Path) -> None:
    file, out = home / "sweep.yaml", home / "sweep"
    fixed = {name: {"value": value} for name, value in (TINY | {"epochs": 1}).items()}
    tried = {"learning_rate": {"min": 1e-4, "max": 1e-2}}
    metric = {"name": "val_loss", "goal": "minimize"}
    file.write_text(
        yaml.safe_dump({"method": "bayes", "metric": metric, "parameters": fixed | tried})
    )
    arguments = ["--data", fma, "--cache", home / "cache", "--out", out, "--trials", 3]
    shown = genretag("train", "sweep", file, *arguments)
    trials = table(out / "trials.csv")
    losses = [float(trial["val_loss"]) for trial in trials]
    assert len(trials) == len({trial["learning_rate"] for trial in trials}) == 3
    assert losses == sorted(losses)
    for trial in trials:
        assert trial["run"] in shown and (out / trial["run"] / "model.onnx").is_file()


def test_a_run_has_a_curve_of_two_epochs(run: Path) -> None:
    assert [row["epoch"] for row in table(run / "curves.csv")] == ["0", "1"]


def test_evaluate_judges_the_clips_that_fma_holds_out(run: Path, fma: Path) -> None:
    genretag("train", "evaluate", run, "--out", run / "scores.json")
    told = json.loads((run / "scores.json").read_text())
    rows = list(csv.reader(io.StringIO((fma / METADATA / TABLE).read_text())))
    artist, split = (rows[1].index(name) for name in ("id", "split"))
    held_out = [row[artist] for row in rows if row[split] == "test"]
    assert (told["side"], told["clips"]) == ("test", len(held_out))
    assert told["groups"] == len(set(held_out))
    assert {genre: row["clips"] for genre, row in told["track"]["genres"].items()} == (
        dict.fromkeys(GENRES, len(held_out) / len(GENRES))
    )
    before = json.loads((run / "metrics.json").read_text())["test"]
    assert told["track"]["confusion"] == before["confusion"]


@pytest.mark.parametrize("run", [min(NETS)], indirect=True)  # none of them knows of nets
def test_plots_draws_every_picture_large_enough_to_read(run: Path) -> None:
    shown = genretag("train", "plots", run, "--out", run / "plots")
    names = {"curves", *PICTURES}
    kinds = {f"{name}.{kind}" for name in names for kind in ("png", "svg")}
    assert {Path(line).name for line in shown.splitlines()} == kinds
    for name in names:
        png, svg = (run / "plots" / f"{name}.{kind}" for kind in ("png", "svg"))
        height, width, _ = imread(png).shape
        assert 300 < height < 3000 and 900 < width < 3000
        assert ET.parse(svg).getroot().tag == "{http://www.w3.org/2000/svg}svg"
        for file in (png, svg):
            assert 8_000 < file.stat().st_size < 2_000_000, file.name


def test_scan_plans_the_exported_models_likeliest_genre_for_every_clip(
    run: Path, fma: Path
) -> None:
    model = run / "exported.onnx"
    assert str(model) in genretag("train", "export", run, "--out", model)
    clips = sorted(file for number in "01" for file in (fma / "fma_small").glob(f"00{number}/*"))
    before = [clip.read_bytes() for clip in clips]
    told = ["--dry-run", "--model", model, "--threshold", 0, "--format", "jsonl", "--jobs", 1]
    shown = genretag("scan", *told, *clips)
    lines = [json.loads(line) for line in shown.splitlines()]
    assert sorted(line["path"] for line in lines) == [str(clip) for clip in clips]
    assert len(clips) == CLIPS_PER_GENRE * len(GENRES)
    assert {line["model"] for line in lines} == {session.load(model).identity}
    for line in lines:
        scores = {genre["name"]: genre["score"] for genre in line["genres"]}
        assert set(scores) == GENRES and sum(scores.values()) == pytest.approx(1, abs=0.01)
        assert line["status"] == "planned" and line["after"] == [
            max(scores, key=scores.__getitem__)
        ]
    assert [clip.read_bytes() for clip in clips] == before
