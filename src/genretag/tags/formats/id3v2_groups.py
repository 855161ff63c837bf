"""ID3 frames that mean something together and are called otherwise in the other version.

Dates, the years of originals, and credits, as texts by the names of their frames. ID3v2.3 has
them in section 4.2, ID3v2.4 in sections 4.2.2 and 4.2.5 and in its document of changes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

Texts = dict[str, list[str]]
"""The values of frames, by name."""

_YEAR = re.compile(r"(\d{4})(-\d\d(?:-\d\d)?)?", re.ASCII)
_PAIR = re.compile(r"(\d\d)(\d\d)", re.ASCII)
_STAMP = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::\d\d)?)?)?)?)?", re.ASCII
)
_FUNCTIONS = ("arranger", "engineer", "producer", "dj-mix", "mix", "")
"""What TIPL lists: TagLib shows nothing of one with anything else in it, such as an instrument."""


@dataclass(frozen=True)
class Group:
    """Frames of both versions that are carried over together.

    Attributes:
        keys: their names.
        to: by version, from their texts to those of the version; what cannot be told there
            keeps its name or is left out.
    """

    keys: tuple[str, ...]
    to: dict[int, Callable[[Texts], Texts]]

    def describe_losses(self, texts: Texts, major: int) -> list[str]:
        """Return what of `texts` is not in version `major` any more, in sentences."""
        new = self.to[major](texts)
        back = self.to[7 - major](new)  # 3 or 4, the other one
        known = {value for values in new.values() for value in values}
        found = []
        for key, values in texts.items():
            left = back.get(key, [])
            for value in values:
                part = next((text for text in left if value.startswith(text)), "")
                if value and part != value and value not in known:
                    fate = f"becomes {part}" if part else "is lost"
                    found.append(f"{key} {value} {fate}")
        return found


def _dates_to_v24(texts: Texts) -> Texts:
    """Put TYER, TDAT and TIME into one TDRC; a year that is none stays, dates without one go."""
    rest = {key: texts[key] for key in texts if key not in ("TDAT", "TIME")}
    years = texts.get("TYER", [])
    found = _YEAR.fullmatch(years[0]) if len(years) == 1 else None
    if found is None:
        return rest
    stamp = found[0]
    day, time = (_PAIR.fullmatch("".join(texts.get(key, []))) for key in ("TDAT", "TIME"))
    if day and not found[2]:
        stamp += f"-{day[2]}-{day[1]}"
    if time and len(stamp) == len("1999-12-31"):
        stamp += f"T{time[1]}:{time[2]}"
    stamps = texts.get("TDRC", [stamp])
    if not stamps[0].startswith(found[1]):
        return rest
    return {key: rest[key] for key in rest if key != "TYER"} | {"TDRC": stamps}


def _dates_to_v23(texts: Texts) -> Texts:
    """Put TDRC into TYER, TDAT and TIME; one that is no date, or contradicts TYER, stays."""
    stamps = texts.get("TDRC", [])
    found = _STAMP.fullmatch(stamps[0]) if stamps else None
    if found is None or texts.get("TYER", [found[1]]) != [found[1]]:
        return texts
    year, month, day, hour, minute = found.groups()
    new = {key: texts[key] for key in texts if key != "TDRC"} | {"TYER": [year]}
    if day:
        new["TDAT"] = [day + month]
    if minute:
        new["TIME"] = [hour + minute]
    return new


def _originals_to_v24(texts: Texts) -> Texts:
    return {"TDOR": texts.get("TDOR") or texts["TORY"]} if texts else {}


def _originals_to_v23(texts: Texts) -> Texts:
    """Keep the year alone."""
    found = _STAMP.fullmatch("".join(texts.get("TDOR", [])[:1]))
    return {"TORY": [found[1]]} if found else texts


def _people_to_v24(texts: Texts) -> Texts:
    """Put functions into TIPL, instruments into TMCL."""
    new: Texts = {key: _pair_credits(texts.get(key, [])) for key in ("TIPL", "TMCL")}
    people = _pair_credits(texts.get("IPLS", []))
    for role, person in zip(people[::2], people[1::2], strict=True):
        new["TIPL" if role.casefold() in _FUNCTIONS else "TMCL"] += [role, person]
    return {key: values for key, values in new.items() if values}


def _people_to_v23(texts: Texts) -> Texts:
    """Put all of them into IPLS."""
    people = [one for key in ("IPLS", "TIPL", "TMCL") for one in _pair_credits(texts.get(key, []))]
    return {"IPLS": people} if people else {}


def _pair_credits(values: list[str]) -> list[str]:
    """Return roles and people in turn; a role that nobody has would cost TagLib all the others."""
    pairs = zip(values[::2], values[1::2], strict=False)
    return [one for role, person in pairs if person for one in (role, person)]


GROUPS = (
    Group(("TYER", "TDAT", "TIME", "TDRC"), {3: _dates_to_v23, 4: _dates_to_v24}),
    Group(("TORY", "TDOR"), {3: _originals_to_v23, 4: _originals_to_v24}),
    Group(("IPLS", "TIPL", "TMCL"), {3: _people_to_v23, 4: _people_to_v24}),
)
