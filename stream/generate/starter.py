"""The file that ``microconv init`` writes: a preset with comments, and all other settings as comments.

All that is said of a key comes from its definition. A line that begins with ``#`` and no blank is a setting:
without the ``#`` it is TOML that passes the checks. Other comments begin with ``# ``.
"""

import re
import tomllib
from collections.abc import Container, Iterator, Mapping
from textwrap import wrap

from stream.generate.described import Described, described, toml
from stream.kinds import NAMES, Section
from stream.settings import Settings

WIDTH, LONGEST = 100, 120

_HEADER = re.compile(r"\[\[?([a-z_.]+)\]\]?")

HEAD = """\
# The configuration of microconv, made from the preset {preset}.
#
#   microconv check    tells what it measures, and how many keys and series that makes
#   microconv worker   counts; start as many workers as there is work
#
# A line that begins with # and no blank is a setting that is left at its default (or, where there is
# none, an example): take the # away and change it. Durations are written 10s, 30m, 1h30m, 24h or 8d;
# a name is {names}.
# Every key can be set in the environment, too: MICROCONV_KAFKA__BROKERS is brokers of [kafka].
"""


def starter(preset: str, text: str) -> str:
    """Return a configuration to start from.

    Args:
        preset: The name of the preset.
        text: Its TOML: tables and lists of tables whose headers stand in lines of their own.
    """
    sections = dict(_sections("", Settings))
    intro, blocks = _split(text, sections)
    tables = tomllib.loads(text)
    parts = [HEAD.format(preset=preset, names=NAMES.removeprefix("a name ")), intro]
    told: set[str] = set()
    for path, block in blocks:
        section = sections[path]
        if path in told:
            parts.append(block)
            continue
        block += _settings(section, _given(tables, path), {}) if section.kind == "table" else ""
        parts.append(_below(_comment(path, section), block))
        told.add(path)
    measure = Settings.model_validate(tables).definition().measures()[0]
    examples = {"entered": toml(measure), "watch": toml([measure])}
    for path, section in sections.items():
        if path not in told:
            parts.append(_below(_comment(path, section), _untold(path, section, examples)))
    return "\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"


def _below(comment: str, table: str) -> str:
    """Return a table below its comment; a comment of its own stays apart."""
    return f"{comment}\n\n{table}" if table.startswith("# ") else f"{comment}\n{table}"


def _split(text: str, known: Container[str]) -> tuple[str, list[tuple[str, str]]]:
    """Return what comes before the first header; and each table's path and text, with comments above it."""
    blocks: list[tuple[str, list[str]]] = [("", [])]
    for line in text.splitlines():
        header = _HEADER.match(line)
        if header is not None and header[1] in known:
            above: list[str] = []
            while (lines := blocks[-1][1]) and lines[-1].startswith("#"):
                above.insert(0, lines.pop())
            blocks.append((header[1], above))
        blocks[-1][1].append(line)
    (_, intro), *rest = [(path, "\n".join(lines).strip("\n") + "\n") for path, lines in blocks]
    return intro, rest


def _sections(path: str, table: type[Section]) -> Iterator[tuple[str, Described]]:
    """Yield the path and the definition of each table that has a header."""
    for key in described(table):
        if key.table is not None:
            yield f"{path}{key.name}", key
            if key.kind == "table":
                yield from _sections(f"{path}{key.name}.", key.table)


def _given(tables: Mapping[str, object], path: str) -> Mapping[str, object]:
    """Return a table of the preset."""
    found: object = tables
    for part in path.split("."):
        found = found.get(part, {}) if isinstance(found, Mapping) else {}
    return found if isinstance(found, Mapping) else {}


def _comment(path: str, section: Described) -> str:
    """Return what a table is for; of one that is given by name or several times, also its keys."""
    many = {"tables": f"; one [[{path}]] for each", "tables by name": "; one line for each"}
    title = f"{path}: {_plain(section.text())}{many.get(section.kind, '')}"
    lines = wrap(title, WIDTH, initial_indent="# ", subsequent_indent="# ")
    if section.table is not None and section.kind != "table":
        lines += _keys(section.table, "  ")
    return "\n".join(lines)


def _keys(table: type[Section], indent: str) -> Iterator[str]:
    """Yield lines that tell name, default and meaning of each key."""
    keys = described(table)
    defaults = ["needed" if key.needed else key.default or "none" for key in keys]
    names_width, defaults_width = max(len(key.name) for key in keys), max(map(len, defaults))
    for key, default in zip(keys, defaults, strict=True):
        begin = f"# {indent}{key.name:<{names_width}}  {default:<{defaults_width}}  "
        further = f"#{' ' * (len(begin) - 1)}"
        yield from wrap(_meaning(key), WIDTH, initial_indent=begin, subsequent_indent=further)
        if key.table is not None:
            yield from _keys(key.table, f"{indent}  ")


def _settings(section: Described, given: Mapping[str, object], examples: Mapping[str, str]) -> str:
    """Return the keys that are not given, as settings that are commented out."""
    lines: list[tuple[str, str]] = []
    for key in described(section.table) if section.table is not None else []:
        if key.name not in given and key.kind != "table":
            value = examples.get(key.name, key.example)
            missing = (
                "" if key.default == value else " (needed)" if key.needed else " (an example; default: none)"
            )
            lines.append((f"#{key.name} = {value}", f"{_meaning(key)}{missing}"))
    width = max((len(setting) for setting, _ in lines if len(setting) <= WIDTH // 2), default=0)
    text = ""
    for setting, meaning in lines:
        line = f"{setting:<{width}}  # {meaning}"
        text += f"{line}\n" if len(line) <= LONGEST else f"# {meaning}\n{setting}\n"
    return text


def _untold(path: str, section: Described, examples: Mapping[str, str]) -> str:
    """Return a table that the preset does not have: an empty one, or an example that is commented out."""
    if section.kind == "table":
        return f"[{path}]\n{_settings(section, {}, examples)}"
    if section.kind == "tables":
        return f"#[[{path}]]\n{_settings(section, {}, examples)}"
    example = tomllib.loads(f"example = {section.example}")["example"]
    return f"[{path}]\n" + "".join(f"#{name} = {toml(value)}\n" for name, value in example.items())


def _meaning(key: Described) -> str:
    choices = f": {key.kind}" if key.kind.startswith("`") and "," in key.kind else ""
    return _plain(f"{key.text()}{choices}")


def _plain(text: str) -> str:
    """Return a description without the marks of Markdown."""
    return text.replace("`", "")
