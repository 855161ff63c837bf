"""A library with sixty names that people give their music, against a model of broad genres."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import toy_model
from audio_files import write_tone
from toy_model import MANIFEST

from genretag import tags
from genretag.audio.mel import mel_filters
from genretag.domain.genre import GenreVocabulary
from genretag.domain.taxonomy import load_taxonomy

NAMES = {
    "Blues": ("Delta Blues", "Chicago Blues", "blues", "Electric Blues"),
    "Classical": ("Baroque", "Opera", "Chamber Music", "Klassik", "Symphony"),
    "Country": ("Alt-Country", "Outlaw Country", "Honky Tonk", "Bluegrass", "Americana"),
    "Electronic": ("Techno", "Deep House", "Drum and Bass", "IDM", "Ambient", "Electronica",
                   "Trip-Hop"),
    "Folk": ("Celtic", "Sea Shanty", "Indie Folk", "Singer-Songwriter"),
    "Hip-Hop": ("Rap", "hip hop", "Trap", "Boom Bap", "Gangsta Rap"),
    "Jazz": ("Hard Bop", "Bebop", "Swing", "Fusion", "Smooth Jazz"),
    "Latin": ("MPB", "Bossa Nova", "Salsa", "Cumbia", "Reggaeton"),
    "Metal": ("Death Metal", "black metal", "Thrash Metal", "Heavy Metal"),
    "Pop": ("K-Pop", "Dream Pop", "Synthpop"),
    "R&B": ("RnB", "Soul", "Funk", "Motown"),
    "Reggae": ("Dub", "Ska", "Dancehall"),
    "Rock": ("Shoegaze", "Punk", "Grunge", "Indie Rock", "Metal"),
    "Soundtrack": ("Film Score", "Video Game Music", "OST"),
    "Spoken": ("Audiobook", "Stand-Up Comedy"),
    "": ("Fado", "Christmas", "New Age", "Noise"),
}  # fmt: skip
"""By a genre of the model that is right for them; the last are of families that it lacks."""

GENRES = tuple(filter(None, NAMES))
N_MELS = 3 * len(GENRES)


def centre_hz(genre: str) -> float:
    """Return the tone that the model takes for a genre, in the middle of its mels."""
    front_end = replace(MANIFEST.front_end, n_mels=N_MELS)
    filters = mel_filters(front_end)
    column = int(filters[:, 3 * GENRES.index(genre) + 1].argmax())
    return float(column * front_end.rate_hz / front_end.n_fft)


@pytest.fixture(scope="module")
def broad_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    front_end = replace(MANIFEST.front_end, n_mels=N_MELS)
    manifest = replace(
        MANIFEST,
        genres=GenreVocabulary(GENRES, {"Metal": "Rock"}),
        front_end=front_end,
        threshold=0.05,
    )
    return toy_model.save(tmp_path_factory.mktemp("broad") / "broad.onnx", manifest)


@pytest.fixture
def library(music: Path) -> Path:
    for genre, names in NAMES.items():
        for name in names:
            path = music / name / "song.flac"
            path.parent.mkdir(parents=True)
            tags.write(write_tone(path, 2.5, hz=centre_hz(genre or "Rock")), [name])
    return music


def find_clashes(page: Path) -> set[tuple[str, str]]:
    """Return the genres of files that a page marks as contradicted, and what the model says."""
    [text] = re.findall(r'id="data">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    data = json.loads(text)
    rows = data["rows"]
    return {
        (data["names"][before], data["genres"][best])
        for before, best, clash in zip(rows["before"], rows["best"], rows["clash"], strict=True)
        if clash
    }


def test_no_narrow_name_stands_against_a_broad_one(
    genretag, library: Path, broad_model: Path, tmp_path: Path
) -> None:
    assert sum(map(len, NAMES.values())) >= 60
    page = tmp_path / "page.html"
    report = ("report", library, "-o", page, "--model", broad_model)
    assert genretag(*report).returncode == 0
    clashes = find_clashes(page)
    assert clashes == {(name, "Rock") for name in NAMES[""]}
    assert not [pair for pair in clashes if load_taxonomy().is_related(*pair)]
    assert genretag(*report, "--broad").returncode == 0
    assert len(find_clashes(page)) > 40

    run = genretag("evaluate", library, "--model", broad_model, "--format", "jsonl")
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert {one["name"] for one in found["unknown_names"]} == set(NAMES[""])
    assert not [one for one in found["unknown_names"] if one["genre"]]
    assert found["grades"]["accuracy_any"] == 1.0
