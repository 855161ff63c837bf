"""Reads and writes genres in the tags of one file."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from genretag.api.arguments import Player, StrPath, check
from genretag.api.results import Written

if TYPE_CHECKING:
    pass


def read_genres(path: StrPath) -> tuple[str, ...]:
    """Read the genres in a file's tags.

    Args:
        path: a music file.

    Returns:
        The names, in their order, as players show them: `(17)` in ID3 is Rock. They come from the
        first of the file's tags that has any; () if none has.

    Raises:
        FileError: the file cannot be read (`not-found`, `no-permission`, `read-failed`), its tags
            are damaged, or genretag does not know its container (`tags-unreadable`).

    >>> import genretag
    >>> genretag.read_genres("song.wav")
    ()
    """
    from genretag import tags

    return tags.read_known(Path(path)).genres


def write_genres(
    path: StrPath,
    genres: str | Iterable[str],
    *,
    player: Player | None = None,
    keep_mtime: bool = False,
) -> Written:
    """Make `genres` the only genres of a file; all else in it stays as it is.

    As `genretag scan` writes: the change is noted in the journal, made to a copy, the copy is
    verified and then takes the file's place, so that the file is whole at any instant. `genretag
    undo` takes it back. Each call is a run of its own in `genretag history`.

    Args:
        path: a music file.
        genres: one name or several, the most important first; none removes the genre from the tags.
        player: lay several genres out as this player shows them, where formats leave a choice.
        keep_mtime: leave the file's time of modification as it is.

    Raises:
        FileError: as `read_genres`; and `tags-unwritable`, `no-permission`, `write-failed`,
            `changed` (somebody else wrote to the file meanwhile) or `verify-failed`. The file is as
            it was.
        RunError: `journal-failed` or `disk-full`. The file is as it was.
        UsageError: `bad-option`, there is no such player.

    >>> import genretag
    >>> genretag.write_genres("song.wav", ["Jazz", "Blues"]).run
    1
    >>> genretag.read_genres("song.wav")
    ('Jazz', 'Blues')
    """
    from genretag import tags
    from genretag.domain.change import TagChange
    from genretag.domain.layout import PLAIN, PLAYERS
    from genretag.domain.outcome import Planned
    from genretag.pipeline.annotate import notes_of
    from genretag.pipeline.write import open_writer

    if player is not None:
        check("player", player, Player)
    track = tags.read_known(Path(path))
    change = TagChange(
        path=track.path,
        container=track.container or "",
        before=track.genres,
        after=(genres,) if isinstance(genres, str) else tuple(genres),
        layout=PLAYERS[player] if player else PLAIN,
    )
    if change.after == change.before:
        return Written(track.path, change.before, change.after)
    notes = notes_of(change)
    folder = track.path.absolute().parent
    with open_writer("write_genres", folder, keep_mtime=keep_mtime) as writer:
        (outcome,) = writer.apply([replace(Planned.of(change), notes=notes)])
    if outcome.error:
        raise outcome.error
    return Written(track.path, outcome.before, outcome.after, writer.run.number, outcome.notes)
