"""Selects the files that a model scores, and says why the others are left out."""

from dataclasses import dataclass, field
from typing import Literal

from genretag.domain.distribution import explain_full, find_empty
from genretag.domain.outcome import Outcome, Skipped, Unchanged
from genretag.domain.placeholder import parse_placeholders
from genretag.domain.places import GENRE, Place
from genretag.domain.track import Track

TagState = Literal["any", "tagged", "untagged"]


@dataclass(frozen=True)
class Selection:
    """The tracks to score: all, those that have a genre, or those that have none.

    Genres whose folded name is one of `parse_placeholders` count as none. Films are left out unless
    `video`. A track has no genre if one of `places` is empty that could be written.
    """

    tagging: TagState = "any"
    placeholders: frozenset[str] = field(default_factory=parse_placeholders)
    video: bool = False
    places: tuple[Place, ...] = (GENRE,)

    def exclude(self, track: Track) -> Outcome | None:
        """Return the outcome of a track that need not be scored; None for one that must be."""
        same = track.genres
        if not track.is_audio:
            return Skipped(path=track.path, reason="not audio")
        if track.container is None:
            return Skipped(path=track.path, reason="genretag cannot tag this container")
        has_genre = not find_empty(track, self.places, self.placeholders)
        if self.tagging == "untagged" and has_genre:
            reason = explain_full(track, self.places)
            return Unchanged(path=track.path, before=same, after=same, reason=reason)
        if self.tagging == "tagged" and not has_genre:
            return Unchanged(path=track.path, before=same, after=same, reason="has no genre")
        if track.has_video and not self.video:
            return Skipped(path=track.path, before=same, after=same, reason="has a video stream")
        return None
