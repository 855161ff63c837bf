"""Renders a self-contained HTML page about a library, which needs no network and no other file."""

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from string import Template

from genretag.domain.library import Library
from genretag.report.page.content import to_dict
from genretag.report.page.text import pack

_SCRIPTS = (
    "page.js", "address.js", "decisions.js", "decide.js", "table.js", "sections.js", "timelines.js",
    "map.js", "listing.js", "tracks.js", "units.js", "start.js",
)  # fmt: skip
_PACKED = ("path", "title", "artist")
# What could end the script element that holds the data, or a line of it, is spelled out, and so
# are bytes of a path that no text can hold.
_ESCAPED = {
    **{ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"},
    **{point: f"\\u{point:04x}" for point in range(0xD800, 0xE000)},
}


def render_page(library: Library) -> str:
    """Render the page.

    All that comes from files is in a JSON text that no browser takes for HTML, and a script shows
    it as text only. The Content-Security-Policy allows nothing but that script and the style
    sheet, by their digests.
    """
    style, script = _read("page.css"), "".join(map(_read, _SCRIPTS))
    policy = (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return Template(_read("page.html")).substitute(
        policy=policy, style=style, script=script, data=to_json(library)
    )


def to_json(library: Library) -> str:
    """Convert a library to JSON without characters that mean something in HTML.

    Its `id` is of this content alone: decisions that a browser keeps belong to it.
    """
    content = to_dict(library)
    content["rows"] |= {key: pack(content["rows"][key]) for key in _PACKED}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPED)
    return f'{{"id":"{hashlib.sha256(text.encode()).hexdigest()[:16]}",{text[1:]}'


@cache
def _read(name: str) -> str:
    return files(__name__).joinpath(name).read_text("utf-8")


def _digest(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
