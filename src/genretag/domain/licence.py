"""Tells licences that forbid commercial use from others."""

import re

_NON_COMMERCIAL = re.compile(
    r"\bNC\b|non[\s-]?commercial|research[\s-]only|research use|personal use|academic use",
    re.IGNORECASE,
)


def is_non_commercial(licence: str) -> bool:
    """Tell whether the name of a licence says that it forbids commercial use.

    >>> is_non_commercial("CC BY-NC-SA 4.0"), is_non_commercial("MIT")
    (True, False)
    """
    return _NON_COMMERCIAL.search(licence) is not None
