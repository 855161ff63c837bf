"""Writes the reference of the command line from the commands themselves: a page for each."""

import re
from collections.abc import Iterator
from typing import Any

import typer
from mkdocs.structure.files import File
from navigation import find_section
from typer.core import TyperGroup, TyperOption

from genretag.cli.app import app
from genretag.cli.settings import to_key, to_variable
from genretag.cli.values import Kind, read_kinds

ROOT: Any = typer.main.get_command(app)
SETTINGS = ROOT.options()


def on_config(config: Any) -> None:
    """List the pages in the navigation, in the order of the help."""
    pages = find_section(config.nav, "Commands")
    pages += [{name: _get_uri(name)} for name in ROOT.commands]


def on_files(files: Any, config: Any) -> Any:
    """Add the pages."""
    for name, command in ROOT.commands.items():
        files.append(File.generated(config, _get_uri(name), content=render((name,), command)))
    return files


def render(words: tuple[str, ...], command: Any) -> str:
    """Return the page of a command and of those below it, in Markdown."""
    return "\n\n".join(_render(words, command, "#"))


def to_markdown(text: str) -> str:
    """Translate the markup of a help text."""
    text = text.replace("<", "&lt;")
    text = re.sub(r"\[(?:bold|cyan)\]((?:genretag |-).*?)\[/\]", r"`\1`", text)
    return re.sub(r"\[bold\](.*?)\[/\]", r"**\1**", text)


def _get_uri(name: str) -> str:
    return f"reference/commands/{name}.md"


def _render(words: tuple[str, ...], command: Any, level: str) -> Iterator[str]:
    """Yield blocks of Markdown."""
    yield f"{level} genretag {' '.join(words)}"
    summary, *paragraphs = command.help.split("\n\n")
    yield to_markdown(summary)
    yield f"```text\n{' '.join(('genretag', *words, *_list_usage(command)))}\n```"
    yield from map(_render_argument, filter(_is_explained_argument, command.params))
    yield from map(_render_paragraph, paragraphs)
    yield from _render_options(words, command, level + "#")
    for name, one in getattr(command, "commands", {}).items():
        yield from _render((*words, name), one, level + "#")


def _list_usage(command: Any) -> Iterator[str]:
    """Yield the words of a call: options, a command below, arguments."""
    if any(isinstance(one, TyperOption) for one in command.params):
        yield "[OPTIONS]"
    if isinstance(command, TyperGroup):
        yield "[COMMAND]" if command.invoke_without_command else "COMMAND"
    for one in command.params:
        if not isinstance(one, TyperOption):
            yield _get_metavar(one) if one.required else f"[{_get_metavar(one)}]"


def _get_metavar(argument: Any) -> str:
    """Return what the usage calls an argument."""
    return argument.metavar or argument.name.upper() + ("..." if argument.nargs != 1 else "")


def _render_paragraph(paragraph: str) -> str:
    if heading := re.fullmatch(r"\[bold\](Examples?)\[/\]", paragraph):
        return f"**{heading[1]}**"
    example = re.fullmatch(r"(?:\[cyan\])?(genretag .*?)(?:\[/\](.*))?", paragraph)
    if not example:
        return to_markdown(paragraph)
    return _render_term(f"`{example[1]}`", to_markdown((example[2] or "").strip()))


def _is_explained_argument(parameter: Any) -> bool:
    return not isinstance(parameter, TyperOption) and bool(parameter.help)


def _render_argument(argument: Any) -> str:
    return _render_term(f"`{_get_metavar(argument)}`", to_markdown(argument.help))


def _render_term(term: str, *says: str) -> str:
    """Return an entry of a definition list, of some lines; the term alone without any."""
    lines = "<br>".join(filter(None, says))
    return f"{term}\n:   {lines}" if lines else term


def _render_options(words: tuple[str, ...], command: Any, level: str) -> Iterator[str]:
    """Yield a list for each group of options, with a heading if there are several."""
    panels: dict[str, list[Any]] = {}
    for one in command.params:
        if isinstance(one, TyperOption) and not one.hidden:
            panels.setdefault(one.rich_help_panel or "Options", []).append(one)
    for panel, options in panels.items():
        if len(panels) > 1:
            yield f"{level} {panel}"
        yield from (_render_option(words, command, one) for one in options)


def _render_option(words: tuple[str, ...], command: Any, option: Any) -> str:
    """Return flags, values, help, default and variable of an option."""
    flags = ", ".join(f"`{flag}`" for flag in (*option.opts, *option.secondary_opts))
    values = _describe_values(option, read_kinds(command.callback)[option.name])
    key = to_key(option.opts)
    variable = f"In the environment: `{to_variable(key)}`."
    return _render_term(
        f"{flags} {values}".rstrip(),
        to_markdown(option.help),
        _describe_default(option) + (variable if key in SETTINGS[words] else ""),
    )


def _describe_values(option: Any, kind: Kind) -> str:
    """Return which values an option takes; nothing for a switch."""
    if kind.type is bool:
        return ""
    if kind.choices:
        return f"`{'|'.join(kind.choices)}`"
    return f"`{option.metavar}`" if option.metavar else kind.description


def _describe_default(option: Any) -> str:
    """Return a sentence with the default, as the help has it."""
    default = option.default
    if isinstance(option.show_default, str):
        return f"Default: {option.show_default}. "
    if default is None or default is False or option.show_default is False:
        return ""
    return f"Default: `{'true' if default is True else default}`. "
