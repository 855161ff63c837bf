"""Which files are scored, and why the others are not."""

from dataclasses import replace
from pathlib import Path

import pytest

from genretag.domain.outcome import Skipped, Unchanged
from genretag.domain.selection import Selection, Tagging
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
    tagging: Tagging, scored: list[Track], left: list[Track]
) -> None:
    selection = Selection(tagging)
    assert all(selection.leave_out(track) is None for track in scored)
    for track in left:
        outcome = selection.leave_out(track)
        assert isinstance(outcome, Unchanged) and outcome.reason
        assert outcome.before == outcome.after == track.genres


@pytest.mark.parametrize("tagging", ["any", "tagged", "untagged"])
def test_what_cannot_be_tagged_is_skipped_whatever_it_says(tagging: Tagging) -> None:
    text = Track(Path("/music/a.txt"), None, is_audio=False)
    sound = Track(Path("/music/a.au"), None)
    reasons = [Selection(tagging).leave_out(track).reason for track in (text, sound)]
    assert reasons == ["not audio", "genretag cannot tag this container"]


def test_films_are_scored_on_request_alone() -> None:
    film = replace(ROCK, has_video=True)
    assert isinstance(Selection().leave_out(film), Skipped)
    assert Selection(video=True).leave_out(film) is None
