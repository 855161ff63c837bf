"""Colours differ for people who see no red, no green, no blue, and on paper without colour."""

import re
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest

from genretag.report.palette import AGAINST, COLOURS, FOR

# What is left of red, green and blue (linear) of those who lack a kind of cone: G. M. Machado et
# al., "A Physiologically-based Model for Simulation of Color Vision Deficiency", 2009.
SIGHT = {
    "all cones": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                 [-0.011820, 0.042940, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = TO_XYZ.sum(axis=1)


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB, in which a distance of 2 or 3 is just seen."""
    x, y, z = np.cbrt(np.maximum(TO_XYZ @ np.clip(rgb, 0, 1) / WHITE, 0.008856))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("colours", [COLOURS, (FOR, AGAINST)], ids=["genres", "for and against"])
def test_no_two_colours_look_alike(sight: str, colours: tuple[str, ...]) -> None:
    seen = [lab(np.array(SIGHT[sight]) @ linear(colour)) for colour in colours]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 15


def test_for_and_against_differ_in_grey() -> None:
    dark, light = sorted(lab(linear(colour))[0] for colour in (FOR, AGAINST))
    assert light - dark > 20


def test_no_two_genres_of_the_map_share_colour_and_shape() -> None:
    script = files("genretag.report.page").joinpath("page.js").read_text("utf-8")
    counts = []
    for name in ("COLOURS", "SHAPES"):
        [listed] = re.findall(rf"const {name} = \[(.*?)\]", script)
        words = re.findall(r'"(.*?)"', listed)
        assert len(set(words)) == len(words)
        counts.append(len(words))
    assert np.gcd(*counts) == 1 and np.prod(counts) > 50
