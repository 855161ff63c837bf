"""Whatever a file holds and whatever is written into it, undo gives back what was there."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from writers import (
    FILES,
    Content,
    apply,
    empty,
    fill,
    full,
    genre_lists,
    pending,
    planned,
    staged_in,
    tag_sets,
    take_back,
)

from genretag import tags
from genretag.domain.layout import PLAYERS, Layout

relaxed = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("kind", FILES)
@given(found=tag_sets, old=genre_lists, new=genre_lists)
@relaxed
def test_undo_gives_back_any_tags(
    kind: str, found: dict[str, list[str]], old: list[str], new: list[str]
) -> None:
    with TemporaryDirectory() as name:
        path = empty(kind, Path(name))
        fill(path, kind, found)
        if old:
            tags.write(path, old)
        before, tags_before = Content.of(path, kind), tags.read(path).genres
        (outcome,) = apply(Path(name, "journal"), [planned(path, *new)])
        is_same = tags_before == tuple(new)
        assert outcome.status == ("unchanged" if is_same else "tagged"), outcome.error
        after = Content.of(path, kind)
        assert tags.read(path).genres == tuple(new)
        assert (after.others, after.sound) == (before.others, before.sound)
        (undone,) = take_back(Path(name, "journal"))
        assert undone.status in ("tagged", "unchanged")
        assert Content.of(path, kind) == before
        assert staged_in(Path(name)) == [] == pending(Path(name, "journal"))


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("player", PLAYERS)
def test_undo_gives_back_what_any_players_layout_changed(
    player: str, kind: str, tmp_path: Path
) -> None:
    path = full(kind, tmp_path)
    before = Content.of(path, kind)
    (outcome,) = apply(tmp_path / "journal", [planned(path, "A", "B", layout=PLAYERS[player])])
    assert outcome.status == "tagged", outcome.error
    assert tags.read(path).genres == ("A", "B")
    assert Content.of(path, kind).sound == before.sound
    take_back(tmp_path / "journal")
    assert Content.of(path, kind) == before


@pytest.mark.parametrize("fix_stale", [False, True])
@pytest.mark.parametrize("version", ["v2.3", "v2.4"])
@pytest.mark.parametrize("kind", ["MP3", "AAC", "WAV", "AIFF", "DSF"])
@given(new=st.lists(st.sampled_from(["Rock", "Pop", "摇滚"]), unique=True))
@settings(relaxed, max_examples=3)
def test_undo_gives_back_the_version_that_an_id3_tag_had(
    kind: str, version: Literal["v2.3", "v2.4"], fix_stale: bool, new: list[str]
) -> None:
    with TemporaryDirectory() as name:
        path = full(kind, Path(name))
        before = Content.of(path, kind)
        layout = Layout(id3=version, fix_stale=fix_stale)
        (outcome,) = apply(Path(name, "journal"), [planned(path, *new, layout=layout)])
        assert outcome.status == "tagged", outcome.error
        take_back(Path(name, "journal"))
        assert Content.of(path, kind) == before
