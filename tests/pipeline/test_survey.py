"""Survey: the tags of a library, read without its sound."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

from audio_files import write_tone

from genretag import tags
from genretag.domain.analysis import Analysis
from genretag.domain.outcome import Skipped
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.domain.tagging import TagPolicy
from genretag.domain.track import Track
from genretag.library.cache import Cache, state
from genretag.library.prefetch import Prefetch
from genretag.pipeline.scan import decide_files
from genretag.pipeline.survey import read_tracks


def song(path: Path, *genres: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_tone(path, 0.3)
    tags.write(path, genres)
    return path


def test_music_is_read_in_its_order_and_all_else_is_left_out(tmp_path: Path) -> None:
    torn, text = tmp_path / "torn.flac", tmp_path / "text.mp3"
    torn.write_bytes(b"fLaC rubbish")
    text.write_text("no music at all\n" * 100)
    one, two = song(tmp_path / "b.flac", "Rock"), song(tmp_path / "a.mp3", "Hip Hop", "Pop")
    skipped = Skipped(path=tmp_path / "link", reason="a broken link")
    files = [torn, one, skipped, text, tmp_path / "gone.flac", two]
    found = {track.path: track.genres for track in read_tracks(files, None)}
    assert list(found.items()) == [(one, ("Rock",)), (two, ("Hip Hop", "Pop"))]


def test_a_file_that_nobody_has_touched_is_recalled_and_another_is_opened(tmp_path: Path) -> None:
    path = song(tmp_path / "a.flac", "Rock")
    remembered = replace(tags.read(path), genres=("From the cache",))
    with Cache(tmp_path / "cache") as cache:
        cache.keep(Analysis(path, remembered, state=state(path)), b"predictor")
    with Cache(tmp_path / "cache") as cache:
        assert [track.genres for track in read_tracks([path], cache)] == [("From the cache",)]
        tags.write(path, ["Pop"])
        assert [track.genres for track in read_tracks([path], cache)] == [("Pop",)]


def test_decisions_wait_for_the_spellings_while_files_are_analysed_on() -> None:
    heard = Prediction((ScoredGenre("Rock", 0.9),), 1, 9.0, "toy")
    paths = [Path(f"/music/{n}.flac") for n in range(6)]
    enough = Event()

    def spellings() -> Iterator[dict[str, str]]:
        enough.wait(60)
        yield {"Rock": "ROCK"}

    def analyses() -> Iterator[Analysis]:
        for n, path in enumerate(paths):
            if n == 4:
                enough.set()
            yield Analysis(path, Track(path, "FLAC"), heard)

    decided = list(decide_files(analyses(), TagPolicy(), survey=Prefetch(spellings())))
    assert [one.path for one in decided] == paths
    assert {one.as_outcome().after for one in decided} == {("ROCK",)}
