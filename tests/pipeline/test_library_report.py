"""What a report shows of files, heard by a model that tells low, middle and high sounds apart."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy_model
from audio_files import RECIPES, encode, tone, write_tone
from mutagen.flac import FLAC

from genretag import tags
from genretag.domain.analysis import Analysis
from genretag.domain.genre import Family
from genretag.domain.genre_map import GenreMap
from genretag.domain.library import Library, LibraryEntry
from genretag.domain.naming import Naming
from genretag.domain.outcome import Skipped
from genretag.domain.pooling import Pooling
from genretag.domain.tagging import TagPolicy
from genretag.errors import Code
from genretag.inference.session import Model, load
from genretag.pipeline.decide import BY_TRACK, UnitSettings
from genretag.pipeline.report import Found, build_library, collect_entries
from genretag.pipeline.scan import decide_files
from genretag.pipeline.score import predict

LOW, HIGH = toy_model.LOW_HZ, toy_model.HIGH_HZ
POOLING = Pooling(0.2, 0.45, 0.2, 0.92, 0.985, 0.97, 0.35, 0.6, 0.95)
FILL = TagPolicy("fill", threshold=0.6)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load(toy_model.save(tmp_path_factory.mktemp("model") / "toy.onnx"))


def heard(path: Path, model: Model, *genres: str) -> Analysis:
    if genres:
        tags.write(path, list(genres))
    return Analysis(path, tags.read(path), predict(path, model, "full"))


def song(path: Path, model: Model, album: str, *genres: str) -> Analysis:
    file = FLAC(path)
    file["artist"], file["album"] = ["Band"], [album]
    file.save()
    return heard(path, model, *genres)


def decided(policy: TagPolicy, *analyses: Analysis) -> list[Analysis]:
    return list(decide_files(analyses, policy))


def made(found: Found, model: Model, policy: TagPolicy = FILL) -> Library:
    return build_library([Path("/music")], found, policy, model, BY_TRACK, "full")


def entries(policy: TagPolicy, *tracks: Analysis) -> tuple[LibraryEntry, ...]:
    return collect_entries(decided(policy, *tracks), policy).entries


def test_after_is_what_the_policy_would_leave(tmp_path: Path, model: Model) -> None:
    bare = heard(write_tone(tmp_path / "bare.flac", 4.0, hz=LOW), model)
    tagged = heard(write_tone(tmp_path / "tagged.flac", 4.0, hz=HIGH), model, "Low")
    for mode, after in (("fill", ("Low",)), ("replace", ("High",)), ("add", ("Low", "High"))):
        policy = replace(FILL, mode=mode)
        assert [one.after for one in entries(policy, bare, tagged)] == [("Low",), after]
    careful = entries(replace(FILL, mode="replace", threshold=1.0), bare, tagged)
    assert [one.after for one in careful] == [(), ("Low",)]
    assert not any(one.is_sure or one.disagrees for one in careful)


def test_a_file_that_has_what_the_map_calls_it_does_not_disagree(
    tmp_path: Path, model: Model
) -> None:
    track = heard(write_tone(tmp_path / "a.flac", 4.0, hz=HIGH), model, "Treble")
    assert entries(FILL, track)[0].disagrees
    known = GenreMap(rename={"High": "Treble"})
    assert not entries(replace(FILL, naming=Naming(known)), track)[0].disagrees


def test_a_file_that_has_the_family_or_another_name_of_its_genre_does_not_disagree(
    tmp_path: Path, model: Model
) -> None:
    track = heard(write_tone(tmp_path / "a.flac", 4.0, hz=HIGH), model, "Edges")
    assert entries(FILL, track)[0].disagrees
    edges = replace(FILL, families=(Family("Edges", ("High", "Low")),))
    assert not entries(edges, track)[0].disagrees
    older = replace(FILL, naming=Naming(GenreMap(synonyms={"Edges": "High"})))
    assert not entries(older, track)[0].disagrees


def test_skipped_files_are_counted_and_failed_ones_shown(model: Model) -> None:
    failed = Analysis.failed_as(Path("/no/a.mp3"), Code.NOT_AUDIO, "no", "Hm.")
    skipped = Skipped(path=Path("/no/b.jpg"), reason="not audio")
    found = collect_entries([Analysis(skipped.path, outcome=skipped), failed], FILL)
    told = made(found, model)
    assert told.skipped == 1 and [one.outcome for one in told.entries] == [failed.outcome]
    assert told.entries[0].title == "a.mp3" and np.isnan(told.points).all()


def test_title_and_artist_are_those_that_were_read_and_no_file_is_opened_again(
    tmp_path: Path, model: Model
) -> None:
    named, bare = (write_tone(tmp_path / f"{name}.flac", 4.0) for name in ("named", "bare"))
    song = FLAC(named)
    song["title"], song["artist"] = ["Ж"], ["A"]
    song.save()
    analyses = [heard(path, model) for path in (named, bare)]
    named.unlink()
    bare.unlink()
    shown = [(entry.title, entry.artist) for entry in entries(FILL, *analyses)]
    assert shown == [("Ж", "A"), ("bare.flac", "")]


def test_albums_and_artists_are_told_from_all_files_with_or_without_a_genre(
    tmp_path: Path, model: Model
) -> None:
    """Files that are skipped or failed lie between them."""
    analyses = [
        song(write_tone(tmp_path / f"{n}.flac", 4.0, hz=hz), model, album, *genres)
        for n, (album, hz, *genres) in enumerate([
            ("One", HIGH, "Low"), ("One", HIGH), ("Two", LOW), ("Two", LOW)
        ])
    ]  # fmt: skip
    skipped = Analysis(tmp_path / "0.jpg", outcome=Skipped(path=tmp_path / "0.jpg"))
    failed = Analysis.failed_as(tmp_path / "1.mp3", Code.NOT_AUDIO, "no", "Hm.")
    analyses[2:2] = [skipped, failed]
    units = UnitSettings("album", POOLING, lambda names: names[0])
    policy = replace(FILL, threshold=0.999, unit_threshold=0.5)
    found = collect_entries(decide_files(analyses, policy, units), policy)
    library = build_library([tmp_path], found, policy, model, units, "full")
    one, two = library.albums
    assert (one.name, one.members, one.reasons) == ("Band / One", (0, 1), ("sound",))
    assert (two.name, two.members, two.reasons) == ("Band / Two", (3, 4), ())
    assert [unit.members for unit in library.artists] == [(0, 1, 3, 4)]
    assert [entry.source for entry in library.entries] == [None, "library", None, "album", "album"]
    assert [entry.is_sure for entry in library.entries] == [False, True, False, True, True]
    assert library.unit_threshold == 0.5 and library.by == "album"
    own = library.entries[1].own_best
    assert own and own.name == "High" and library.entries[1].best.name == "Low"


def test_three_tracks_make_a_map_and_two_make_none(tmp_path: Path, model: Model) -> None:
    tracks = [
        heard(write_tone(tmp_path / f"{n}.flac", 4.0, hz=hz), model)
        for n, hz in enumerate((LOW, HIGH, toy_model.MIDDLE_HZ))
    ]
    assert np.isfinite(made(collect_entries(decided(FILL, *tracks), FILL), model).points).all()
    assert np.isnan(made(collect_entries(decided(FILL, *tracks[:2]), FILL), model).points).all()


def test_timelines_are_of_what_can_still_be_heard(tmp_path: Path, model: Model) -> None:
    """Files are heard again, and somebody may have touched them meanwhile."""
    paths = [write_tone(tmp_path / f"{n}.flac", 4.0, hz=HIGH) for n in range(3)]
    found = collect_entries(decided(FILL, *(heard(path, model, "Low") for path in paths)), FILL)
    paths[0].unlink()
    encode(paths[1], tone(4.0) * 0, RECIPES["FLAC"])
    [(row, timeline)] = made(found, model).timelines
    assert row == 2 and len(timeline.scores) == len(timeline.excerpts) == 2
    assert not timeline.mels.size
