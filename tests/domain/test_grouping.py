"""Tags and folders tell which tracks are decided together."""

import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genretag.domain.grouping import (
    Group,
    fold_artist,
    folder_key,
    group_by_album,
    group_by_artist,
    is_various,
)
from genretag.domain.track import Track


def song(path: str, artist: str = "", album: str = "", **tags: object) -> Track:
    return Track(Path("/music") / path, "FLAC", artist=artist, album=album, **tags)  # type: ignore[arg-type]


def shapes(groups: Sequence[Group]) -> list[tuple[str, str, tuple[int, ...]]]:
    return sorted((one.kind, one.name, one.members) for one in groups)


def test_an_album_is_what_the_tags_say() -> None:
    tracks = [song(f"x/{n}.mp3", "Tool", album) for n, album in enumerate(["A", "B", "A", "B"])]
    assert shapes(group_by_album(tracks)) == [
        ("album", "Tool / A", (0, 2)),
        ("album", "Tool / B", (1, 3)),
    ]
    assert all(group.is_release and group.is_tagged for group in group_by_album(tracks))


@pytest.mark.parametrize(
    "second", ["Album", "album", "Album (Disc 2)", "Album [CD2]", "Album CD 2"]
)
def test_discs_of_an_album_belong_together(second: str) -> None:
    tracks = [song("X/CD1/1.mp3", "A", "Album"), song("X/CD2/1.mp3", "A", second)]
    assert shapes(group_by_album(tracks)) == [("album", "A / Album", (0, 1))]


def test_an_identity_from_musicbrainz_goes_before_names() -> None:
    tracks = [
        song("x/1.mp3", "A", "Same", album_id="one"),
        song("x/2.mp3", "A", "Same", album_id="two"),
        song("x/3.mp3", "A", "Another spelling", album_id="one"),
    ]
    assert [group.members for group in group_by_album(tracks) if group.kind == "album"] == [(0, 2)]


def test_two_albums_of_one_name_are_two() -> None:
    tracks = [song(f"{artist}/{n}.mp3", artist, "Greatest Hits") for artist in "AB" for n in "12"]
    assert [group.members for group in group_by_album(tracks)] == [(0, 1), (2, 3)]
    together = [
        song(f"x/{artist}{n}.mp3", artist, "Greatest Hits") for artist in "AB" for n in "12"
    ]
    assert shapes(group_by_album(together)) == [("artist", "A", (0, 1)), ("artist", "B", (2, 3))]


def test_tracks_without_all_tags_are_of_the_only_album_that_they_can_be_of() -> None:
    tracks = [
        song("x/1.mp3", "A", "Album", album_artist="A", album_id="one"),
        song("x/2.mp3", "A", "Album", album_artist="A"),
        song("x/3.mp3", "A", "Album"),
        song("x/4.mp3"),
    ]
    assert [group.members for group in group_by_album(tracks)] == [(0, 1, 2, 3)]


def test_a_folder_without_tags_is_an_album_that_only_the_folder_tells() -> None:
    (group,) = group_by_album([song("Mix/1.mp3"), song("Mix/2.mp3")])
    assert (group.kind, group.name, group.is_tagged, group.is_release) == (
        "album",
        "Mix",
        False,
        False,
    )


def test_loose_songs_of_many_are_decided_by_artist() -> None:
    tracks = [song(f"Mix/{n}.mp3", artist) for n, artist in enumerate(["A", "B", "A", "C", ""])]
    assert shapes(group_by_album(tracks)) == [
        ("artist", "A", (0, 2)),
        ("track", "4.mp3", (4,)),
        ("track", "B", (1,)),
        ("track", "C", (3,)),
    ]


@pytest.mark.parametrize(
    "tags",
    [{"is_compilation": True}, {"album_artist": "Various Artists"}, {"album_artist": "VA"}, {}],
)
def test_a_compilation_is_decided_by_artist(tags: dict[str, object]) -> None:
    tracks = [song(f"x/{n}.mp3", artist, "Hits", **tags) for n, artist in enumerate("ABCA")]
    assert shapes(group_by_album(tracks)) == [
        ("artist", "A", (0, 3)),
        ("track", "B", (1,)),
        ("track", "C", (2,)),
    ]


@pytest.mark.parametrize(
    "tags",
    [
        {"is_compilation": True},
        {"album_artist": "Various Artists"},
        {"artist": "Various Artists"},
        {"artist": "VA", "album_artist": "VA"},
    ],
)
def test_a_compilation_that_names_no_artist_is_decided_by_track(tags: dict[str, object]) -> None:
    tracks = [song(f"x/{n}.mp3", album="Hits", **tags) for n in range(3)]  # type: ignore[arg-type]
    assert [group.kind for group in group_by_album(tracks)] == ["track"] * 3


def test_an_album_of_somebody_unknown_is_an_album() -> None:
    tracks = [song(f"x/{n}.mp3", "Unknown Artist", "Tape") for n in range(3)]
    assert [group.kind for group in group_by_album(tracks)] == ["album"]


@pytest.mark.parametrize("name", ["Unknown Artist", "Various Artists", "VA"])
def test_who_is_nobody_has_no_songs_in_common(name: str) -> None:
    tracks = [song(f"{n}.mp3", name) for n in range(3)]
    assert [group.kind for group in group_by_artist(tracks)] == ["track"] * 3


def test_the_best_of_one_artist_is_an_album_though_it_is_called_a_compilation() -> None:
    tracks = [song(f"x/{n}.mp3", "A", "Best", is_compilation=True) for n in range(3)]
    assert [group.kind for group in group_by_album(tracks)] == ["album"]


def test_a_box_of_many_performers_is_one_album_if_its_tags_name_whose_it_is() -> None:
    artists = [f"Performer {n}" for n in range(40)]
    box = [song(f"x/{n}.mp3", a, "Box", album_artist="Mozart") for n, a in enumerate(artists)]
    assert shapes(group_by_album(box)) == [("album", "Mozart / Box", tuple(range(40)))]
    nobodys = [song(f"x/{n}.mp3", artist, "Box") for n, artist in enumerate(artists)]
    assert {group.kind for group in group_by_album(nobodys)} == {"track"}


def test_guests_leave_an_album_whole() -> None:
    artists = ["A", "A feat. B", "A (ft. C)", "A", "A featuring D"]
    tracks = [song(f"x/{n}.mp3", artist, "Album") for n, artist in enumerate(artists)]
    assert [group.members for group in group_by_album(tracks)] == [(0, 1, 2, 3, 4)]


def test_singles_belong_together_if_they_are_by_one_artist_in_one_folder() -> None:
    tracks = [song(f"Singles/{n}.mp3", a, f"Single {n}") for n, a in enumerate("AAB")]
    assert shapes(group_by_album(tracks)) == [("artist", "A", (0, 1)), ("track", "B", (2,))]


@pytest.mark.parametrize(
    "other",
    ["BEYONCÉ", "Beyonce", "beyonce\u0301", "Beyoncé feat. Jay-Z", "Beyoncé ft Jay-Z (live)"],
)
def test_names_of_artists_are_compared_without_case_accents_and_guests(other: str) -> None:
    tracks = [song("a/1.mp3", "Beyoncé"), song("b/1.mp3", other)]
    assert [group.members for group in group_by_artist(tracks)] == [(0, 1)]


def test_an_artist_who_is_all_signs_stays_somebody() -> None:
    names = ["!!!", "+/-", "Ft. Worth", "feat. X", "Featherweight", "Défaite"]
    names += ["Little", "Little Feat"]
    assert len({fold_artist(name) for name in names} - {""}) == len(names)


def test_various_artists_are_known_in_several_languages() -> None:
    assert all(map(is_various, ["VARIOUS", "V.A.", "Varios Artistas", "Verschiedene Interpreten"]))
    assert not any(map(is_various, ["Vangelis", "Variété", ""]))


@pytest.mark.parametrize(
    "name", ["CD1", "cd 2", "Disc 3", "DISK-4", "[CD2]", "Disque 1", "Disc 1 - Live"]
)
def test_the_folder_of_a_disc_is_part_of_the_folder_around_it(name: str) -> None:
    assert folder_key(Path("/m/Album") / name / "1.mp3") == Path("/m/Album")


@pytest.mark.parametrize("name", ["Discovery", "ABCD 1984", "CDs", "Disco 2000", "Live"])
def test_other_folders_are_not(name: str) -> None:
    assert folder_key(Path("/m/Album") / name / "1.mp3") == Path("/m/Album") / name


def test_a_name_of_hundreds_of_spaces_takes_no_time() -> None:
    start = time.process_time()
    group_by_album([song("x/1.mp3", "A", "a" + 498 * " " + "b")])
    assert time.process_time() - start < 0.2


TEXTS = st.sampled_from(["", "A", "a", "B", "A feat. B", "Various Artists", "\0", " ", "ﬁ", "…"])
TRACKS = st.lists(
    st.builds(
        Track,
        st.sampled_from(
            [Path(f"/m/{folder}/{n}.mp3") for folder in ("x", "x/CD1", "y") for n in "12"]
        ),
        st.just("FLAC"),
        artist=TEXTS,
        album_artist=TEXTS,
        album=TEXTS,
        album_id=st.sampled_from(["", "one", "two"]),
        is_compilation=st.booleans(),
    ),
    max_size=12,
)


@pytest.mark.parametrize("group", [group_by_album, group_by_artist])
@given(tracks=TRACKS)
def test_whatever_the_tags_each_track_is_in_one_group(group, tracks: list[Track]) -> None:
    members = [member for one in group(tracks) for member in one.members]
    assert sorted(members) == list(range(len(tracks)))
    assert all(list(one.members) == sorted(one.members) and one.members for one in group(tracks))
    assert all((one.kind == "track") == (len(one.members) == 1) for one in group(tracks))


@given(TRACKS, st.randoms(use_true_random=False))
def test_the_order_of_files_changes_no_group(tracks: list[Track], chance: Random) -> None:
    order = list(range(len(tracks)))
    chance.shuffle(order)
    shuffled = group_by_album([tracks[n] for n in order])
    found = {frozenset(order[member] for member in one.members) for one in shuffled}
    assert found == {frozenset(one.members) for one in group_by_album(tracks)}
