"""Clips that are named are drawn: by FMA's track id, or as the data names them."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from commands import done, refused
from fma_tree import Row, table
from matplotlib.figure import Figure
from toy_music import library, run

from genretag.domain.genre import GenreVocabulary
from genretag.errors import Code
from genretag.inference import session
from genretag_train.data.fma import clip_name
from genretag_train.nets.onnx_export import write_manifest
from genretag_train.plots.data import collect_data
from genretag_train.plots.named import STUDY
from genretag_train.plots.spectrograms import draw_confused

GENRES = {"Hum": "Rock", "Whistle": "Pop", "Hiss": "Electronic"}
"""FMA's names for the sounds of the toy library."""

TRACKS = {"Rock": (4, 5, 6, 7), "Pop": (1642, 10, 2, 3), "Electronic": (149701, 1482, 8, 9)}


@pytest.fixture
def fma(toy_library: Path, tmp_path: Path) -> Path:
    """FMA with the study's tracks; its Pop sounds like Rock."""
    rows = []
    for sound, genre in GENRES.items():
        for number, track in enumerate(TRACKS[genre]):
            heard = "Hum" if str(track) in STUDY and genre == "Pop" else sound
            clip = tmp_path / "fma" / "fma_small" / clip_name(track)
            clip.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(toy_library / heard / f"{number}.flac", clip)
            rows.append(Row(track, str(track), "training", genre))
    table(tmp_path / "fma", rows)
    return tmp_path / "fma"


@pytest.fixture(scope="module")
def model(toy_library: Path, features: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that tells hum from hiss, with the names of FMA's genres and no word of its data."""
    folder = tmp_path_factory.mktemp("study")
    run(toy_library, folder / "run", features, epochs=12)
    file = folder / "run" / "model.onnx"
    manifest = session.load(file).manifest
    genres = GenreVocabulary(tuple(GENRES[name] for name in manifest.genres.names))
    write_manifest(file, replace(manifest, genres=genres, training={}))
    return Path(shutil.copy(file, folder / "study.onnx"))


def draw(target: Path, data: Path | None, *names: str, **options: str) -> Figure:
    side, confusion = options.get("side", "all"), options.get("confusion")
    return draw_confused(
        collect_data(str(target), data, side, confusion, names, lambda done, of: None)
    )


def list_columns(figure: Figure) -> list[list[str]]:
    """The titles of the clips, column by column."""
    columns: dict[float, list[str]] = {}
    for axes in figure.axes[:-1]:  # the last is the bar of colours
        if axes.images:
            columns.setdefault(axes.get_subplotspec().colspan.start, []).append(axes.get_title())
    return [columns[place] for place in sorted(columns)]


def test_where_fma_has_them_the_tracks_of_the_study_are_drawn_beside_rock(
    fma: Path, model: Path
) -> None:
    rock, pop, electronic = list_columns(draw(model, fma))
    assert {title.split("\n")[0] for title in rock} < {"4", "5", "6", "7"} and len(rock) == 3
    assert [title.split("\n")[0] for title in (*pop, *electronic)] == list(STUDY)
    for true, said, titles in (
        ("Rock", "Rock", rock), ("Pop", "Rock", pop), ("Electronic", "Electronic", electronic),
    ):  # fmt: skip
        for title in titles:
            assert re.fullmatch(rf"\d+\n{true}, predicted {said} \d+%", title)


@pytest.mark.parametrize("lacking", [clip_name(int(track)) for track in STUDY[1:3]])
def test_without_one_of_them_the_scores_choose(fma: Path, model: Path, lacking: str) -> None:
    (fma / "fma_small" / lacking).unlink()
    figure = draw(model, fma)
    assert figure.get_suptitle().endswith("Rock; Pop taken for Rock; Electronic")
    rock, mistaken, electronic = list_columns(figure)
    assert len(rock) == 3 and len(electronic) >= 2
    assert all("\nPop, predicted Rock" in title for title in mistaken)


def test_one_of_them_that_is_no_audio_does_no_harm(fma: Path, model: Path) -> None:
    (fma / "fma_small" / clip_name(1482)).write_bytes(b"no audio")
    assert draw(model, fma).get_suptitle().endswith("Rock; Pop taken for Rock; Electronic")


def test_another_confusion_is_not_that_of_the_study(fma: Path, model: Path) -> None:
    figure = draw(model, fma, confusion="electronic:pop")
    assert figure.get_suptitle().endswith("Pop; Electronic taken for Pop; Rock")


def test_named_tracks_are_drawn_in_their_order_and_each_once(fma: Path, model: Path) -> None:
    shown = list_columns(
        draw(model, fma, "9, 8,7", "fma_small/000/000009.mp3", "4", confusion="pop:rock")
    )
    assert [[title.split("\n")[0] for title in column] for column in shown] == [
        ["7", "4"],
        ["9", "8"],
    ]


def test_clips_of_other_data_have_its_names_and_may_be_on_any_side(
    toy_run: tuple[Path, Path],
) -> None:
    names = [f"Hum/{n}.flac" for n in range(10)]
    figure = draw(toy_run[0], None, *names, side="test", confusion="hum:hiss")
    hum = list_columns(figure)[-1]
    assert [title.split("\n")[0] for title in hum] == names


def test_a_name_may_hold_a_comma(tmp_path: Path, toy_run: tuple[Path, Path]) -> None:
    data = library(tmp_path / "music", per_genre=1)
    (data / "Hum" / "0.flac").rename(data / "Hum" / "a, b.flac")
    shown = list_columns(draw(toy_run[0], data, "Hum/a, b.flac", "Hiss/0.flac,Whistle/0.flac"))
    assert {title.split("\n")[0] for column in shown for title in column} == {
        "Hum/a, b.flac",
        "Hiss/0.flac",
        "Whistle/0.flac",
    }


def test_a_named_clip_that_cannot_be_drawn_is_refused_by_name(
    fma: Path, model: Path, tmp_path: Path
) -> None:
    arguments = ("plots", model, "--data", fma, "--side", "all", "--out", tmp_path / "p")
    error = refused(*arguments, "--only", "confused", "--clips", "1642,77,nude")
    assert error.code is Code.BAD_OPTION
    assert "no clip '77' and no clip 'nude'" in error.message and "such as '4'" in error.hint
    assert "confused" in refused(*arguments, "--only", "tsne", "--clips", "1642").hint
    table(fma, [Row(4, "4", "training", "Folk"), Row(5, "5", "training", "Rock")])
    error = refused(*arguments, "--clips", "4")
    assert "4 is Folk" in error.message and "Pop" in error.hint
    table(fma, [Row(5, "5", "training", "Rock"), Row(6, "6", "training", "Rock")])
    (fma / "fma_small" / clip_name(6)).write_bytes(b"no audio")
    assert "6 (not-audio)" in refused(*arguments, "--clips", "5,6").message
    assert not (tmp_path / "p").exists()


def test_the_command_draws_named_clips(fma: Path, model: Path, tmp_path: Path) -> None:
    arguments = ("--only", "confused", "--clips", "1642,10,149701,1482", "--side", "all")
    shown = done("plots", model, "--data", fma, *arguments, "--out", tmp_path / "p")
    png, svg = map(Path, shown.split())
    assert png.stat().st_size and "<!-- 149701" in svg.read_text()
