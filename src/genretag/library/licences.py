"""Remembers which models' licences a person has accepted."""

import json
from contextlib import suppress
from pathlib import Path

from genretag.domain.licence import is_non_commercial
from genretag.domain.manifest import ModelManifest
from genretag.errors import Code, UsageError, write_error
from genretag.library import files

_FILE = "accepted-licences.json"


def is_accepted(manifest: ModelManifest, digest: str, data_dir: Path) -> bool:
    """Tell whether a model may be used: its licence asks nothing, or a person accepted it."""
    return not is_non_commercial(manifest.licence) or digest in _read(data_dir)


def require_accepted(manifest: ModelManifest, digest: str, data_dir: Path) -> None:
    """Refuse a model whose licence nobody has accepted; UsageError `licence-not-accepted`."""
    if not is_accepted(manifest, digest, data_dir):
        raise refusal(manifest.name, manifest.licence)


def refusal(name: str, licence: str) -> UsageError:
    """Return the error of a model whose licence is not accepted."""
    return UsageError(
        Code.LICENCE_NOT_ACCEPTED,
        f"The licence of the model {name} forbids commercial use: {licence}",
        "If you accept it, give --accept-licence to `genretag models import`, `pull` or `show`; "
        "it is remembered.",
    )


def accept(digest: str, licence: str, data_dir: Path) -> None:
    """Remember that a person accepted the licence of the model with this SHA-256.

    Raises:
        FileError, RunError: it cannot be written.
    """
    file = data_dir / _FILE
    accepted = _read(data_dir) | {digest: licence}
    text = json.dumps(accepted, indent=2, ensure_ascii=False) + "\n"
    try:
        files.rewrite(file, text.encode())
    except OSError as error:
        raise write_error(file, error) from error


def _read(data_dir: Path) -> dict[str, str]:
    """Return the accepted licences by SHA-256; none from a file that is damaged."""
    with suppress(OSError, ValueError):
        entries = json.loads((data_dir / _FILE).read_text("utf-8"))
        if isinstance(entries, dict):
            return {str(digest): str(licence) for digest, licence in entries.items()}
    return {}
