"""Shows the examples of docstrings, which have no heading there, in the Python reference."""

import re
from typing import Any

from griffe import Extension

_EXAMPLE = re.compile(r"(?<=\n\n)>>> .*?(?=\n\n|\Z)", re.DOTALL)


class Examples(Extension):
    """Puts each example under the heading by which Google's style knows it."""

    def on_object(self, *, obj: Any, **others: Any) -> None:
        """Change the docstring of a module, class, function or attribute."""
        if obj.docstring:
            obj.docstring.value = _EXAMPLE.sub(_add_heading, obj.docstring.value)


def _add_heading(example: re.Match[str]) -> str:
    return "Examples:\n" + re.sub("^", "    ", example[0], flags=re.MULTILINE)
