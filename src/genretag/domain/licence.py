"""Tells licences that forbid commercial use from others."""

import re
import unicodedata

_NON_COMMERCIAL = re.compile(
    r"\bn ?c\b|\bnc(?=\d)|(?:non|not for|no) ?commercial|commercial use (?:is )?(?:not|prohib|forb)"
    r"|non ?profit|research only|(?:research|personal|academic|educational) (?:use|purposes)"
)
_SEPARATORS = re.compile(r"[\W_]+")


def is_non_commercial(licence: str) -> bool:
    """Tell whether the name of a licence says that it forbids commercial use.

    One in letters that are not Latin is taken for such a licence: they may look like others.

    >>> is_non_commercial("CC BY-NC-SA 4.0"), is_non_commercial("MIT")
    (True, False)
    """
    text = unicodedata.normalize("NFKC", licence).casefold()
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Mn", "Me"))
    if any(c.isalpha() and not unicodedata.name(c, "").startswith("LATIN") for c in text):
        return True
    return _NON_COMMERCIAL.search(_SEPARATORS.sub(" ", text)) is not None
