"""Takes the SHA-256 that a file must have from the command line."""

from typing import Annotated

import typer

from genretag.errors import Code, UsageError

_SHA256_DIGITS = 64

DigestOption = Annotated[
    str | None,
    typer.Option(
        "--sha256", metavar="DIGEST", help="The SHA-256 that the file must have, 64 hex digits."
    ),
]


def parse_digest(given: str | None) -> str | None:
    """Return `given` in small letters; raise UsageError `bad-option` if it is no SHA-256."""
    digits = given.strip().lower() if given else None
    if digits and not (len(digits) == _SHA256_DIGITS and set(digits) <= set("0123456789abcdef")):
        raise UsageError(
            Code.BAD_OPTION,
            f"--sha256 {given!r} is no SHA-256",
            "It has 64 hex digits; `sha256sum FILE` prints it.",
        )
    return digits
