import csv
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from commands import done, refused
from matplotlib.colors import to_hex
from matplotlib.image import imread
from plot_data import FMA, invented
from sklearn.metrics import accuracy_score

from genretag.errors import Code
from genretag.inference import session
from genretag_train.export.precision import PRECISIONS
from genretag_train.plots.confusion import draw_confusion
from genretag_train.plots.curves import draw_curves, load_curves
from genretag_train.plots.genres import draw_genres
from genretag_train.plots.pictures import PICTURES
from genretag_train.plots.spectrograms import choose_confusion
from genretag_train.plots.style import choose_look


@pytest.fixture(scope="module")
def drawn(toy_run: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plots")
    done("plots", toy_run[0], "--out", folder, "--side", "valid")
    return folder


def test_all_pictures_of_a_run_are_drawn_as_png_and_svg(drawn: Path) -> None:
    names = {"curves", *PICTURES}
    assert {path.name for path in drawn.iterdir()} == {
        f"{name}.{kind}" for name in names for kind in ("png", "svg")
    }
    for name in names:
        assert imread(drawn / f"{name}.png").std() > 0.01
        assert ET.parse(drawn / f"{name}.svg").getroot().tag.endswith("svg")


def test_pictures_of_several_runs_lie_apart_and_their_curves_together(
    toy_run: tuple[Path, Path], tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "curves.csv").write_bytes((toy_run[0] / "curves.csv").read_bytes())
    shown = done("plots", toy_run[0], copy, "--only", "curves", "--out", tmp_path / "p")
    assert [Path(line).name for line in shown.split()] == ["curves.png", "curves.svg"]
    run, copied = (load_curves(folder) for folder in (toy_run[0], copy))
    figure = draw_curves({"run": run, "copy": copied})
    loss = figure.axes[0]
    assert len(loss.lines) == 4
    with (toy_run[0] / "curves.csv").open(newline="") as lines:
        rows = [float(row["val_loss"]) for row in csv.DictReader(lines)]
    assert loss.lines[0].get_ydata().tolist() == rows
    looks = [choose_look(n) for n in (0, 1)]
    assert {(to_hex(line.get_color()), line.get_marker()) for line in loss.lines} == {
        (look.colour.lower(), look.marker) for look in looks
    }


def test_runs_of_one_folder_name_keep_apart(toy_run: tuple[Path, Path], tmp_path: Path) -> None:
    for parent in "ab":
        (tmp_path / parent / "run").mkdir(parents=True)
        (tmp_path / parent / "run" / "curves.csv").symlink_to(toy_run[0] / "curves.csv")
    runs = (tmp_path / "a" / "run", tmp_path / "b" / "run")
    shown = done("plots", *runs, "--only", "curves", "--out", tmp_path / "p")
    # Glyphs are paths, beside which matplotlib notes the text.
    drawn = Path(shown.split()[1]).read_text()
    assert "<!-- a-run -->" in drawn and "<!-- b-run -->" in drawn


def test_pictures_are_the_same_each_time(
    drawn: Path, toy_run: tuple[Path, Path], tmp_path: Path
) -> None:
    done("plots", toy_run[0], "--out", tmp_path, "--side", "valid")
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (drawn / file.name).read_bytes(), file.name


def test_what_cannot_be_drawn_is_refused(toy_run: tuple[Path, Path], tmp_path: Path) -> None:
    assert refused("plots", toy_run[0], "--only", "nude").code is Code.BAD_OPTION
    arguments = ("--only", "confused", "--out", tmp_path / "p", "--confusion", "Pop:Rock")
    assert "Whistle" in refused("plots", toy_run[0], *arguments).hint
    assert refused("plots", toy_run[1] / "toy.onnx", "--only", "curves").code is Code.BAD_OPTION
    assert refused("plots", tmp_path, "--only", "tsne").code is Code.UNKNOWN_MODEL


def test_the_confusion_matrix_shows_counts_and_row_shares() -> None:
    data = invented(FMA, 300)
    figure = draw_confusion(data)
    axes = figure.axes[0]
    predicted, truth = data.scored.probabilities.argmax(axis=1), data.scored.truth
    assert f"{accuracy_score(truth, predicted):.1%}" in figure.get_suptitle()
    shown = sum(int(text.get_text().split("\n")[1]) for text in axes.texts)
    assert shown == 300
    assert np.asarray(axes.images[0].get_array()).sum(axis=1) == pytest.approx(1)
    assert [label.get_text() for label in axes.get_xticklabels()] == list(FMA)


def test_a_model_that_confuses_nothing_is_shown_two_different_genres() -> None:
    data = invented(("A", "B", "C"), 9)
    of, taken_for = choose_confusion(data)
    assert of != taken_for


def test_the_distribution_counts_every_clip_and_hatches_the_sides() -> None:
    axes = draw_genres(invented(FMA, 300)).axes[0]
    assert sum(bar.get_width() for bar in axes.patches) == 900
    assert len({bar.get_hatch() for bar in axes.patches}) == 3
    totals = [int(text.get_text()) for text in axes.texts]
    assert totals == sorted(totals) and sum(totals) == 900


@pytest.mark.parametrize("precision", list(PRECISIONS))
def test_embeddings_are_what_the_last_layer_turns_into_scores(
    precision: str, toy_run: tuple[Path, Path], tmp_path: Path
) -> None:
    import onnx

    whole, file = toy_run[0] / "model.onnx", tmp_path / "made.onnx"
    PRECISIONS[precision](whole, file)
    mel = np.random.default_rng(0).random((4, 44, 128), dtype=np.float32)
    found = session.load(file).predict_with_embeddings(mel)[1]
    assert found.shape == (4, 8)
    graph = onnx.load(whole).graph
    weights = {w.name: onnx.numpy_helper.to_array(w) for w in graph.initializer}
    last = next(node for node in graph.node if "logits" in node.output)
    logits = found @ weights[last.input[1]].T + weights[last.input[2]]
    model = session.load(whole)
    scores = np.exp(logits / model.manifest.temperature)
    scores /= scores.sum(axis=1, keepdims=True)
    assert np.abs(scores - model.score(mel)).max() < (1e-5 if precision == "fp32" else 0.1)


def test_pictures_need_no_metrics_of_a_run(toy_run: tuple[Path, Path], tmp_path: Path) -> None:
    data = json.loads((toy_run[0] / "metrics.json").read_text())["data"]["source"]
    shown = done(
        "plots", toy_run[1] / "toy.onnx", "--data", data, "--only", "genres", "--out", tmp_path
    )
    assert len(shown.split()) == 2
