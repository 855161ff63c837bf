"""Names that stand where a genre should be and say none."""

from collections.abc import Iterable

from genretag.domain.genre import folded
from genretag.domain.genre_map import AS_THEY_ARE, GenreMap

NAMES: tuple[str, ...] = (
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


def placeholders(
    told: str | None = None, genres: Iterable[str] = (), genre_map: GenreMap = AS_THEY_ARE
) -> frozenset[str]:
    """The names, folded, that count as no genre.

    Args:
        told: names separated by commas, in place of `NAMES`; after a `+` in addition to
            those, after a `-` they are taken out of them. Empty for no names at all.
        genres: those of the model, which are no placeholders whatever they are called.
        genre_map: the names in it are none either.

    >>> "podcast" in placeholders("+Podcast"), "other" in placeholders("-Other, Misc")
    (True, False)
    """
    meant = (*genre_map.rename.values(), *genre_map.parents.values(), *genre_map.aliases)
    return _listed(told) - {folded(name) for name in (*genres, *meant)}


def real(genres: tuple[str, ...], placeholders: frozenset[str]) -> tuple[str, ...]:
    """`genres` without placeholders.

    >>> real(("Other", "Rock"), frozenset({"other"}))
    ('Rock',)
    """
    return tuple(name for name in genres if folded(name) not in placeholders)


def _listed(told: str | None) -> frozenset[str]:
    if told is None:
        return _FOLDED
    sign = told[:1] if told[:1] in ("+", "-") else ""
    names = (name.strip() for name in told.removeprefix(sign).split(","))
    listed = frozenset(folded(name) for name in names if name)
    if sign == "+":
        return _FOLDED | listed
    return _FOLDED - listed if sign else listed


_FOLDED = frozenset(map(folded, NAMES))
