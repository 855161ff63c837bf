"""Which files are scored, and why the others are not."""

from dataclasses import replace
from pathlib import Path

import pytest

from genretag.domain.outcome import Skipped, Unchanged
from genretag.domain.selection import Selection, TagState
from genretag.domain.track import Track

BARE = Track(Path("/music/song.m4a"), "MP4")
ROCK = replace(BARE, genres=("Rock",))
OTHER = replace(BARE, genres=("Other",))


@pytest.mark.parametrize(
    ("tagging", "scored", "left"),
    [
        ("any", [BARE, ROCK, OTHER], []),
        ("tagged", [ROCK], [BARE, OTHER]),
        ("untagged", [BARE, OTHER], [ROCK]),
    ],
)
def test_tracks_are_selected_by_their_real_genres(
    tagging: TagState, scored: list[Track], left: list[Track]
) -> None:
    selection = Selection(tagging)
    assert all(selection.exclude(track) is None for track in scored)
    for track in left:
        outcome = selection.exclude(track)
        assert isinstance(outcome, Unchanged) and outcome.reason
        assert outcome.before == outcome.after == track.genres


@pytest.mark.parametrize("tagging", ["any", "tagged", "untagged"])
def test_what_cannot_be_tagged_is_skipped_whatever_it_says(tagging: TagState) -> None:
    text = Track(Path("/music/a.txt"), None, is_audio=False)
    sound = Track(Path("/music/a.au"), None)
    reasons = [Selection(tagging).exclude(track).reason for track in (text, sound)]
    assert reasons == ["not audio", "genretag cannot tag this container"]


def test_films_are_scored_on_request_alone() -> None:
    film = replace(ROCK, has_video=True)
    assert isinstance(Selection().exclude(film), Skipped)
    assert Selection(video=True).exclude(film) is None
