"""Names that stand in the place of a genre and are none, such as `Other`."""

from collections.abc import Iterable

from genretag.domain.genre import fold_name
from genretag.domain.genre_map import IDENTITY_MAP, GenreMap

PLACEHOLDERS: tuple[str, ...] = (
    # What ID3v1 (number 12), CD databases, rippers and taggers write if they know no better.
    "Other", "Others", "Unknown", "Unknown Genre", "Genre Unknown", "Unclassified",
    "Unclassifiable", "General Unclassifiable", "Not Classified", "Uncategorized",
    "Uncategorised", "Unassigned", "Unspecified", "Not Specified", "Not Set", "Not Available",
    "Undefined", "None", "No Genre", "Null", "Nil", "N/A", "Empty", "Blank", "Default", "TBD",
    "Misc", "Miscellaneous", "Various", "General", "Genre", "Genres", "Music", "Audio",
    "255", "-", "--", "---", "?", "??", "???", ".", "...",
    # Categories of video sites that download tools take for genres.
    "Entertainment", "People & Blogs", "Film & Animation",
    # "Other", "unknown", "miscellaneous" and "music" of programs that speak another language.
    "Andere", "Anderes", "Sonstige", "Sonstiges", "Unbekannt", "Unbekanntes Genre",
    "Verschiedenes", "Kein Genre", "Musik",
    "Autre", "Autres", "Divers", "Inconnu", "Genre inconnu", "Inclassable", "Aucun", "Musique",
    "Otro", "Otros", "Varios", "Desconocido", "Género desconocido", "Sin género", "Ninguno",
    "Música",
    "Altro", "Altri", "Vari", "Sconosciuto", "Genere sconosciuto", "Nessuno", "Musica",
    "Outro", "Outros", "Desconhecido", "Gênero desconhecido", "Nenhum",
    "Overig", "Overige", "Anders", "Onbekend", "Onbekend genre", "Geen", "Muziek",
    "Inne", "Nieznany", "Muzyka", "Övrigt", "Okänd", "Andet", "Ukendt", "Annet", "Ukjent",
    "Muu", "Tuntematon", "Ostatní", "Neznámý", "Egyéb", "Ismeretlen", "Diğer", "Bilinmeyen",
    "Другое", "Прочее", "Неизвестно", "Неизвестный жанр", "Музыка",
    "その他", "不明", "不明なジャンル", "其他", "其它", "未知", "未知流派",
)  # fmt: skip
"""Names that are no genre unless a person says otherwise."""


def parse_placeholders(
    names: str | None = None, genres: Iterable[str] = (), genre_map: GenreMap = IDENTITY_MAP
) -> frozenset[str]:
    """Return the folded names that count as no genre.

    Args:
        names: separated by commas, in place of `PLACEHOLDERS`; after a `+` they are added to
            those, after a `-` taken out of them. Empty for no names at all.
        genres: those of the model, which are never placeholders.
        genre_map: the names in it are never placeholders either.

    >>> "podcast" in parse_placeholders("+Podcast"), "other" in parse_placeholders("-Other, Misc")
    (True, False)
    """
    known = (*genre_map.rename.values(), *genre_map.parents.values(), *genre_map.aliases)
    return _parse_list(names) - {fold_name(name) for name in (*genres, *known)}


def drop_placeholders(genres: tuple[str, ...], placeholders: frozenset[str]) -> tuple[str, ...]:
    """Return `genres` without placeholders.

    >>> drop_placeholders(("Other", "Rock"), frozenset({"other"}))
    ('Rock',)
    """
    return tuple(name for name in genres if fold_name(name) not in placeholders)


def _parse_list(text: str | None) -> frozenset[str]:
    if text is None:
        return _FOLDED
    sign = text[:1] if text[:1] in ("+", "-") else ""
    names = (name.strip() for name in text.removeprefix(sign).split(","))
    listed = frozenset(fold_name(name) for name in names if name)
    if sign == "+":
        return _FOLDED | listed
    return _FOLDED - listed if sign else listed


_FOLDED = frozenset(map(fold_name, PLACEHOLDERS))
