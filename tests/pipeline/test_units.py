"""Files of an album or an artist are decided together, in the order in which they were found."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
import toy_model
from hypothesis import given
from hypothesis import strategies as st

from genretag.domain.analysis import Analysis
from genretag.domain.genre import Family
from genretag.domain.genre_map import GenreMap
from genretag.domain.naming import Naming
from genretag.domain.outcome import Outcome, Planned, Skipped, Unchanged, Unsure
from genretag.domain.prediction import Prediction, ScoredGenre
from genretag.domain.selection import Selection
from genretag.domain.tagging import TagPolicy
from genretag.domain.track import Track
from genretag.domain.unit import UnitKind
from genretag.errors import Code
from genretag.library.journal import Origin
from genretag.pipeline import group as grouping
from genretag.pipeline.decide import UnitSettings
from genretag.pipeline.group import group
from genretag.pipeline.scan import decide_files

GENRES = ("Rock", "Metal", "Pop", "Jazz", "Spoken", "Blues", "Country", "Electronic")
POOLING = replace(toy_model.POOLING, weight=0.8, agreement=0.92, threshold=0.75)
POLICY = TagPolicy(threshold=0.95, unit_threshold=0.75)


def prediction(**scores: float) -> Prediction:
    rest = (1 - sum(scores.values())) / (len(GENRES) - len(scores))
    genres = [ScoredGenre(name, scores.get(name, rest)) for name in GENRES]
    genres.sort(key=lambda genre: -genre.score)
    return Prediction(tuple(genres), 4, 200.0, "toy")


SILENCE = Prediction((), 0, 200.0, "toy")


def scored(path: str, sound: Prediction, **tags: object) -> Analysis:
    track = Track(Path(path), "FLAC", **tags)  # type: ignore[arg-type]
    return Analysis(track.path, track, sound)


def tagged(path: str, *genres: str, sound: Prediction | None = None, **tags: object) -> Analysis:
    track = Track(Path(path), "FLAC", genres, **tags)  # type: ignore[arg-type]
    return Analysis(track.path, track, sound, Selection("untagged").exclude(track))


def failed(path: str) -> Analysis:
    return Analysis.failed_as(Path(path), Code.UNDECODABLE, "broken", "Get another.")


def settings(by: UnitKind = "album", own: Iterable[str] = ()) -> UnitSettings:
    """Units of a library into which genretag itself wrote the files `own`, all of them Rock."""
    written = {Path(path): ("Rock",) for path in own}
    return UnitSettings(
        by,
        POOLING,
        lambda names: next((name for name in names if name in GENRES), None),
        find_origin=lambda path: Origin(written.get(path, ())),
    )


def decided(
    analyses: Iterable[Analysis],
    units: UnitSettings | None = None,
    policy: TagPolicy = POLICY,
) -> list[Outcome]:
    found = decide_files(analyses, policy, units or settings())
    return [analysis.as_outcome() for analysis in found]


def after(outcomes: Sequence[Outcome]) -> list[tuple[str, ...]]:
    return [outcome.after for outcome in outcomes]


def album(*sounds: Prediction, name: str = "Album", artist: str = "Tool") -> list[Analysis]:
    return [
        scored(f"/m/{name}/{n}.flac", sound, album=name, artist=artist)
        for n, sound in enumerate(sounds)
    ]


METAL, ROCK = prediction(Metal=0.75), prediction(Rock=0.5, Metal=0.3)
UNCLEAR = prediction(Metal=0.3, Pop=0.2)


def test_an_album_gets_one_genre_though_some_tracks_alone_would_get_none() -> None:
    tracks = album(METAL, ROCK, UNCLEAR, METAL, METAL)
    outcomes = decided(tracks)
    assert after(outcomes) == [("Metal",)] * 5
    assert {outcome.source for outcome in outcomes} == {"album"}
    (unit,) = {outcome.unit for outcome in outcomes}
    assert unit and (unit.kind, unit.name, unit.tracks) == ("album", "Tool / Album", 5)
    assert [outcome.own for outcome in outcomes] == [one.prediction for one in tracks]
    assert after(decided(tracks, settings("track"))) == [()] * 5


def test_an_album_that_is_not_clear_stays_as_it_is() -> None:
    outcomes = decided(album(prediction(Rock=0.97), prediction(Jazz=0.6), prediction(Pop=0.6)))
    assert {type(outcome) for outcome in outcomes} == {Unsure}
    alone = decided(album(prediction(Rock=0.97), prediction(Jazz=0.6)), settings("track"))
    assert after(alone) == [("Rock",), ()]


def test_a_track_whose_sound_is_surely_of_another_genre_keeps_that() -> None:
    outcomes = decided(album(METAL, METAL, prediction(Spoken=0.99999), METAL, METAL))
    assert after(outcomes) == [("Metal",), ("Metal",), ("Spoken",), ("Metal",), ("Metal",)]
    assert [outcome.source for outcome in outcomes][2] == "heard"


def test_a_silent_track_goes_with_its_album() -> None:
    assert after(decided(album(METAL, METAL, METAL, METAL, SILENCE))) == [("Metal",)] * 5
    assert after(decided(album(SILENCE, SILENCE))) == [(), ()]


def test_a_track_that_fails_does_not_keep_its_album_back() -> None:
    tracks = album(METAL, METAL, METAL, METAL)
    outcomes = decided([tracks[0], failed("/m/Album/x.flac"), *tracks[1:]])
    assert [outcome.status for outcome in outcomes] == ["planned", "failed", *["planned"] * 3]


def test_files_that_only_share_a_folder_are_decided_one_by_one_if_they_do_not_agree() -> None:
    sounds = prediction(Rock=0.99), prediction(Jazz=0.6), prediction(Pop=0.6)
    outcomes = decided([scored(f"/m/x/{n}.mp3", one) for n, one in enumerate(sounds)])
    assert after(outcomes) == [("Rock",), (), ()]


def test_compilations_lose_nothing_against_deciding_by_track() -> None:
    sounds = [METAL, prediction(Jazz=0.97), ROCK, prediction(Pop=0.96)]
    tracks = [
        scored(f"/m/x/{n}.mp3", one, artist=f"Artist {n}", album="Hits", is_compilation=True)
        for n, one in enumerate(sounds)
    ]
    assert after(decided(tracks)) == after(decided(tracks, settings("track")))


def test_an_album_of_five_hundred_tracks_is_decided_as_one() -> None:
    outcomes = decided(album(*[METAL, ROCK] * 250))
    assert len({outcome.after for outcome in outcomes}) == 1
    assert {outcome.unit and outcome.unit.tracks for outcome in outcomes} == {500}


@pytest.mark.parametrize("name", ["Shoegaze", "Metal"])
def test_a_genre_that_a_person_gave_most_tracks_goes_to_the_rest(name: str) -> None:
    given = [tagged(f"/m/Album/{n}.flac", name, album="Album", artist="Tool") for n in range(8)]
    outcomes = decided([*given, scored("/m/Album/9.flac", ROCK, album="Album", artist="Tool")])
    assert outcomes[-1].after == (name,) and outcomes[-1].source == "library"
    assert all(isinstance(outcome, Unchanged) for outcome in outcomes[:-1])


@pytest.mark.parametrize("name", ["Polka", "Jazz"])
def test_one_odd_genre_does_not_take_over_an_album_whose_sound_is_sure(name: str) -> None:
    tracks = album(*[prediction(Metal=0.97)] * 11)
    odd = tagged("/m/Album/99.flac", name, album="Album", artist="Tool")
    assert after(decided([*tracks, odd]))[:-1] == [("Metal",)] * 11


def test_without_the_library_what_persons_tagged_counts_by_nothing() -> None:
    tags = {"album": "Album", "artist": "Tool"}
    given = [tagged(f"/m/Album/{n}.flac", "Jazz", sound=METAL, **tags) for n in range(8)]
    new = scored("/m/Album/9.flac", UNCLEAR, **tags)
    alone = replace(settings(), uses_library=False)
    (*_, outcome) = decided([*given, new], alone)
    assert isinstance(outcome, Unsure) and outcome.source == "heard"


def test_a_genre_of_the_library_is_written_as_it_stands_there() -> None:
    given = [tagged(f"/m/A/{n}.flac", "Metal", "Prog", album="A", artist="T") for n in range(3)]
    outcomes = decided([*given, scored("/m/A/9.flac", METAL, album="A", artist="T")])
    assert outcomes[-1].after == ("Metal", "Prog")


@pytest.mark.parametrize(
    ("genre_map", "expected"),
    [
        (GenreMap(drop=frozenset({"Metal"})), ()),
        (GenreMap({"Metal": "Noise"}), ("Noise",)),
        (GenreMap(aliases={"Prog": "Metal"}), ("Metal",)),
        (GenreMap({"Jazz": "Swing"}), ("Metal", "Prog")),
    ],
)
def test_a_map_goes_before_what_stands_in_the_library(
    genre_map: GenreMap, expected: tuple[str, ...]
) -> None:
    given = [tagged(f"/m/A/{n}.flac", "Metal", "Prog", album="A", artist="T") for n in range(3)]
    new = scored("/m/A/9.flac", METAL, album="A", artist="T")
    outcomes = decided([*given, new], policy=replace(POLICY, naming=Naming(genre_map)))
    assert outcomes[-1].after == expected


def test_what_genretag_wrote_is_no_evidence_but_its_sound_is() -> None:
    paths = [f"/m/Album/{n}.flac" for n in range(4)]
    tags = {"album": "Album", "artist": "Tool"}
    written = [tagged(path, "Rock", sound=METAL, **tags) for path in paths]
    new = scored("/m/Album/9.flac", UNCLEAR, **tags)
    (*_, outcome) = decided([*written, new], settings(own=paths))
    assert outcome.after == ("Metal",) and outcome.source == "album"
    (*_, outcome) = decided([*written, new], settings())
    assert outcome.after == ("Rock",) and outcome.source == "library"


@pytest.mark.parametrize("finished", range(1, 4))
def test_a_run_that_goes_on_decides_the_rest_of_an_album_as_before(finished: int) -> None:
    # The last track by itself does not reach the threshold.
    tracks = album(METAL, METAL, METAL, prediction(Pop=0.82))
    whole = decided(tracks)
    assert after(whole) == [("Metal",)] * 4
    paths = [str(one.path) for one in tracks[:finished]]
    done = [
        tagged(path, "Rock", sound=one.prediction, album="Album", artist="Tool")
        for path, one in zip(paths, tracks, strict=False)
    ]
    rest = decided([*done, *tracks[finished:]], settings(own=paths))[finished:]
    assert after(rest) == after(whole)[finished:]


def test_without_the_library_sound_alone_decides() -> None:
    given = [tagged(f"/m/A/{n}.flac", "Jazz", album="A", artist="T") for n in range(3)]
    new = scored("/m/A/9.flac", prediction(Metal=0.99), album="A", artist="T")
    (*_, outcome) = decided([*given, new], replace(settings(), uses_library=False))
    assert outcome.after == ("Metal",) and outcome.source == "heard"


def test_to_replace_genres_they_do_not_count() -> None:
    tracks = [
        replace(
            tagged(f"/m/A/{n}.flac", "Jazz", album="A", artist="T"), prediction=METAL, outcome=None
        )
        for n in range(4)
    ]
    outcomes = decided(tracks, policy=replace(POLICY, mode="replace"))
    assert after(outcomes) == [("Metal",)] * 4


def test_contradicting_genres_of_persons_leave_a_track_to_its_sound() -> None:
    given = [
        tagged(f"/m/A/{n}.flac", name, album="A", artist="T")
        for n, name in enumerate(["Jazz", "Pop", "Country", "Blues"])
    ]
    (*_, outcome) = decided([*given, scored("/m/A/9.flac", UNCLEAR, album="A", artist="T")])
    assert isinstance(outcome, Unsure)


def test_by_artist_the_songs_of_all_albums_are_decided_together() -> None:
    tracks = [
        scored(f"/m/{n}/1.flac", one, artist=artist, album=f"Album {n}")
        for n, (one, artist) in enumerate(
            [(METAL, "Tool"), (ROCK, "TOOL"), (METAL, "Tool feat. X"), (METAL, "Tóol")]
        )
    ]
    outcomes = decided(tracks, settings("artist"))
    assert after(outcomes) == [("Metal",)] * 4
    assert {outcome.source for outcome in outcomes} == {"artist"}
    assert after(decided(tracks)) == [()] * 4


def test_a_model_that_cannot_pool_decides_an_album_by_the_mean_of_its_tracks() -> None:
    surely, hardly = prediction(Metal=0.97), prediction(Metal=0.6)
    outcomes = decided(album(surely, surely, hardly), UnitSettings("album"))
    assert after(outcomes) == [("Metal",)] * 3
    assert {outcome.source for outcome in outcomes} == {"album"}
    outcomes = decided(album(surely, hardly, hardly), UnitSettings("album"))
    assert after(outcomes) == [()] * 3


@pytest.mark.parametrize("by", ["album", "artist", "track"])
def test_a_model_that_cannot_pool_decides_what_is_no_album_track_by_track(by: UnitKind) -> None:
    tracks = [scored(f"/m/{n}.flac", one) for n, one in enumerate([METAL, prediction(Metal=0.97)])]
    outcomes = decided(tracks, UnitSettings(by))
    assert after(outcomes) == [(), ("Metal",)]
    assert {outcome.unit for outcome in outcomes} == {None}


def test_a_folder_is_decided_as_soon_as_it_is_complete() -> None:
    asked = []

    def files() -> Iterable[Analysis]:
        for one in chain(album(METAL, METAL, METAL, name="A"), album(METAL, METAL, name="B")):
            asked.append(one.path)
            yield one

    first = next(decide_files(files(), POLICY, settings()))
    assert first.path == Path("/m/A/0.flac")
    assert asked == [Path(f"/m/A/{n}.flac") for n in range(3)] + [Path("/m/B/0.flac")]


def test_a_huge_folder_is_decided_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MOST_FILES", 10)
    tracks = [scored(f"/m/x/{n:03d}.mp3", METAL) for n in range(35)]
    assert [len(batch.analyses) for batch in group(tracks, "album")] == [10, 10, 10, 5]


@pytest.mark.parametrize(
    "second", ["/m/Album/CD2/1.flac", "/m/Album/Bonus/1.flac", "/m/Album (2)/1.flac"]
)
def test_an_album_that_is_spread_over_folders_beside_each_other_is_one(second: str) -> None:
    first = "/m/Album/CD1/1.flac" if "CD" in second else "/m/Album/1.flac"
    tracks = [scored(path, METAL, album="A", artist="T") for path in (first, second, second + "2")]
    assert [len(batch.groups) for batch in group(tracks, "album")] == [1]


ANY = st.lists(
    st.builds(
        lambda folder, n, kind, sound, artist, name: (
            failed(f"/m/{folder}/{n}.mp3")
            if kind == "failed"
            else Analysis(Path("/m/x"), outcome=Skipped(path=Path("/m/x"), reason="empty file"))
            if kind == "skipped"
            else tagged(f"/m/{folder}/{n}.mp3", "Jazz", artist=artist, album=name)
            if kind == "tagged"
            else scored(f"/m/{folder}/{n}.mp3", sound, artist=artist, album=name)
        ),
        st.sampled_from(["a", "a/CD1", "a/CD2", "b"]),
        st.integers(0, 99),
        st.sampled_from(["scored", "scored", "tagged", "failed", "skipped"]),
        st.sampled_from([METAL, ROCK, UNCLEAR, SILENCE, prediction(Spoken=1.0)]),
        st.sampled_from(["", "A", "B"]),
        st.sampled_from(["", "X", "Y"]),
    ),
    max_size=15,
)


@pytest.mark.parametrize("by", ["album", "artist", "track"])
@given(analyses=ANY)
def test_every_file_gets_one_outcome_in_its_order(by: UnitKind, analyses: list[Analysis]) -> None:
    outcomes = decided(analyses, settings(by))
    assert [outcome.path for outcome in outcomes] == [one.path for one in analyses]
    for outcome, analysis in zip(outcomes, analyses, strict=True):
        assert analysis.outcome in (None, outcome)
        if isinstance(outcome, Planned):
            assert outcome.source and outcome.prediction and outcome.prediction.genres


FAMILY = replace(
    POLICY, families=(Family("Rock", ("Metal", "Rock")), Family("Old", ("Blues", "Jazz")))
)
TORN = prediction(Jazz=0.5, Blues=0.45)


def test_an_album_gets_its_family_where_no_genre_of_it_is_sure() -> None:
    outcomes = decided(album(*[TORN] * 3), policy=FAMILY)
    assert after(outcomes) == [("Old",)] * 3
    assert {outcome.source for outcome in outcomes} == {"album"}
    scores = {genre.name: genre.score for genre in outcomes[0].unit.genres}  # type: ignore[union-attr]
    total = pytest.approx(scores["Jazz"] + scores["Blues"])
    assert (
        max(scores.values()) < 0.75
        and [one.family for one in outcomes] == [ScoredGenre("Old", total)] * 3
    )
    assert after(decided(album(*[TORN] * 3))) == [()] * 3


def test_an_album_with_a_sure_genre_gets_that_and_not_its_family() -> None:
    outcomes = decided(album(METAL, ROCK, METAL, METAL), policy=FAMILY)
    assert after(outcomes) == [("Metal",)] * 4 and {one.family for one in outcomes} == {None}


def test_a_track_that_is_surely_of_another_genre_keeps_it_beside_a_family() -> None:
    outcomes = decided(album(*[TORN] * 4, prediction(Spoken=0.99999)), policy=FAMILY)
    assert after(outcomes) == [*[("Old",)] * 4, ("Spoken",)]
    assert outcomes[4].family is None and outcomes[4].source == "heard"


def test_a_track_that_is_surely_of_another_genre_needs_only_the_threshold_of_tracks() -> None:
    policy = replace(FAMILY, threshold=0.9, unit_threshold=0.95)
    units = replace(settings(), pooling=replace(POOLING, apart=0.9))
    outcomes = decided(album(*[prediction(Jazz=0.97)] * 4, prediction(Spoken=0.92)), units, policy)
    assert after(outcomes) == [*[("Jazz",)] * 4, ("Spoken",)]


def test_a_track_by_itself_gets_its_family_by_the_threshold_of_tracks() -> None:
    pair = [prediction(Jazz=0.5, Blues=0.46), prediction(Jazz=0.5, Blues=0.4)]
    assert after(decided(album(*pair), settings("track"), FAMILY)) == [("Old",), ()]


def test_files_of_a_folder_get_their_families_one_by_one() -> None:
    sounds = TORN, prediction(Pop=0.6), prediction(Electronic=0.6)
    tracks = [scored(f"/m/x/{n}.mp3", one) for n, one in enumerate(sounds)]
    assert after(decided(tracks, policy=FAMILY)) == [("Old",), (), ()]


def test_a_genre_that_a_person_gave_decides_between_those_of_a_family() -> None:
    tracks = [*album(TORN, TORN), *(tagged(f"/m/Album/{n}.flac", "Jazz", album="Album",
              artist="Tool") for n in "xyz")]  # fmt: skip
    outcomes = decided(tracks, policy=FAMILY)
    assert after(outcomes) == [("Jazz",)] * 5 and outcomes[0].source == "library"
