"""Decides which genres go to which place of a file."""

from collections.abc import Iterable

from genretag.domain.genre import Family, Names
from genretag.domain.naming import Naming
from genretag.domain.placeholder import drop_placeholders
from genretag.domain.places import GENRE, STYLE, Place, Routing, Values
from genretag.domain.track import Track


def distribute(
    names: Names, routing: Routing, naming: Naming, families: Iterable[Family]
) -> Values:
    """Return what to write at each place, for genres to be written; a place with nothing is absent.

    A genre without a broader one is its own family, and no style. Where styles go to the genre
    field it stands there as well, so that this does not stay empty.

    >>> distribute(("Shoegaze", "Jazz"), Routing(style="style"), Naming(), ())
    {'genre': ('Rock', 'Jazz'), 'style': ('Shoegaze',)}
    """
    if not routing.splits:
        return {routing.style: names} if names else {}
    families = tuple(families)
    above = {name: find_family(name, naming, families) for name in names}
    broad = naming.distinct(
        written
        for name, family in above.items()
        for written in ((name,) if family is None else naming.names(family))
    )
    narrow = tuple(name for name in names if above[name] is not None)
    if routing.style == GENRE:
        narrow = narrow or names
    found = {routing.family: broad, routing.style: narrow}
    return {place: found[place] for place in routing.places if found[place]}


def find_family(name: str, naming: Naming, families: Iterable[Family]) -> str | None:
    """Return the broad genre above one; None if it is a broad one itself, or nobody knows it.

    It is the family that the model has for it, or else the first of the taxonomy.

    >>> find_family("Shoegaze", Naming(), ()), find_family("Rock", Naming(), ())
    ('Rock', None)
    """
    taxonomy = naming.taxonomy
    meant = _list_meanings(name, naming)
    for family in families:
        if any(taxonomy.is_same(one, family.name) for one in meant):
            return None
        if any(taxonomy.is_same(one, genre) for one in meant for genre in family.genres):
            return family.name
    found = next(filter(None, map(taxonomy.families, meant)), ())
    return next(
        (one for one in found if not any(taxonomy.is_same(one, own) for own in meant)), None
    )


def contradicts(
    names: Names, given: Names, naming: Naming, families: Iterable[Family] = ()
) -> bool:
    """Tell whether genres are of other families than those of a file, as far as these are known.

    They are those of the taxonomy; where that has none, the one of the model's `families`.

    >>> contradicts(("Shoegaze",), ("Jazz",), Naming()), contradicts(("Dub",), ("My",), Naming())
    (True, False)
    """
    families = tuple(families)
    new, old = (
        {family for name in one for family in _list_families(name, naming, families)}
        for one in (names, given)
    )
    return bool(new and old) and not new & old


def _list_families(name: str, naming: Naming, families: tuple[Family, ...]) -> set[str]:
    meant = _list_meanings(name, naming)
    known = {family for own in meant for family in naming.taxonomy.families(own)}
    above = None if known else find_family(name, naming, families)
    return known or ({above} if above else set())


def _list_meanings(name: str, naming: Naming) -> Names:
    """Return a name, and the genres that a map gives this name to."""
    renamed = naming.genre_map.rename.items()
    return (name, *(old for old, new in renamed if naming.taxonomy.is_same(new, name)))


def drop_none(place: Place, names: Names, placeholders: frozenset[str]) -> Names:
    """Return what stands at a place; where genres and styles do, without what counts as none."""
    return drop_placeholders(names, placeholders) if place in (GENRE, STYLE) else names


def find_empty(
    track: Track, places: Iterable[Place], placeholders: frozenset[str]
) -> tuple[Place, ...]:
    """Return those of `places` that a file has room for and nothing at."""
    return tuple(
        place
        for place in places
        if place not in track.no_room and not drop_none(place, track.values(place), placeholders)
    )


def explain_full(track: Track, places: Iterable[Place]) -> str:
    """Return why nothing can be filled in."""
    without_room = [track.no_room[place] for place in places if place in track.no_room]
    if without_room:
        return without_room[0]
    return "has a genre" if tuple(places) == (GENRE,) else "has these fields already"
