from pathlib import Path
from xml.etree import ElementTree

import pytest
from inspections import inspections
from matplotlib.image import imread

from genretag.domain.front_end import FrontEnd
from genretag.report.plot import draw_picture, save_picture

KINDS = (".png", ".svg")

FRONT_END = FrontEnd(16000, 512, 256, 96, "log-compression")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("which", [0, 1, 2])
def test_every_inspection_can_be_drawn(tmp_path: Path, kind: str, which: int) -> None:
    file = tmp_path / f"a{kind}"
    save_picture(inspections()[which], FRONT_END, file)
    if kind == ".png":
        assert imread(file).shape[1] == 1500
    else:
        ElementTree.parse(file)


def test_the_same_file_gives_the_same_picture(tmp_path: Path) -> None:
    for kind in KINDS:
        files = [tmp_path / f"{n}{kind}" for n in range(2)]
        for file in files:
            save_picture(inspections()[0], FRONT_END, file)
        assert files[0].read_bytes() == files[1].read_bytes()


def test_axes_say_hertz_seconds_and_genres() -> None:
    figure = draw_picture(inspections()[0], FRONT_END)
    sound, octaves, genres, _, worth, _, _ = figure.axes
    assert [label.get_text() for label in sound.get_yticklabels()] == [
        "250",
        "500",
        "1k",
        "2k",
        "4k",
    ]
    assert [label.get_text() for label in worth.get_xticklabels()] == [
        "0:00",
        "0:10",
        "0:20",
        "0:30",
    ]
    assert [label.get_text().split()[0] for label in genres.get_yticklabels()][-1] == "Rock"
    assert len(octaves.patches) == 7
    heights = [bar.get_height() for bar in worth.patches]
    assert sorted(heights) == sorted([0.4, 0.1, -0.25] * 4)
    # Whoever sees no colour sees the hatching.
    assert all((bar.get_hatch() == "////") == (bar.get_height() < 0) for bar in worth.patches)


def test_a_name_is_no_formula() -> None:
    from dataclasses import replace

    odd = replace(inspections()[1], path=Path("$a_b^{$ \x1b[0m.flac"))
    draw_picture(odd, FRONT_END).canvas.draw()
