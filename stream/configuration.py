"""Where the configuration is found, how it is put together, and what is said when it is wrong."""

import os
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from stream.settings import Settings

ENV_PREFIX = "MICROCONV_"
ENV_FILE = "MICROCONV_CONFIG"
DEFAULT_FILE = "microconv.toml"


class ConfigurationError(Exception):
    """The configuration cannot be used; its text says where, what was found and what is wanted."""


PRESETS = ("ecommerce", "saas", "content", "leads")
"""The names of the built-in configurations: files in ``stream/presets``."""


class Found(NamedTuple):
    """A configuration and where it came from.

    Attributes:
        settings: The configuration.
        where: The file, or ``preset NAME``.
        overridden: Which keys (``web.port``) were taken from which variables of the environment.
    """

    settings: Settings
    where: str
    overridden: Mapping[str, str]

    def refusal(self, error: ConfigurationError) -> ConfigurationError:
        """Return an error about a key (``redis.url: …``) with where the key came from before it."""
        source = _source(self.where, self.overridden, str(error).partition(":")[0])
        return ConfigurationError(f"{source}: {error}")


def load(
    file: str | None = None, preset: str | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Return the configuration of a file or preset, overridden by the environment.

    Without either: the file that ``MICROCONV_CONFIG`` names, else ``./microconv.toml``.

    Raises:
        ConfigurationError: There is none, or it is wrong.
    """
    return find(file, preset, environ).settings


def find(
    file: str | None = None, preset: str | None = None, environ: Mapping[str, str] | None = None
) -> Found:
    """Return the configuration as :func:`load` does, with where it came from.

    Raises:
        ConfigurationError: There is none, or it is wrong.
    """
    env = os.environ if environ is None else environ
    where, tables = _read(file, preset, env)
    overridden = _override(tables, env)
    try:
        return Found(Settings.model_validate(tables), where, overridden)
    except ValidationError as error:
        raise ConfigurationError(_sentences(where, overridden, error)) from None


def preset_text(name: str) -> str:
    """Return the TOML of a preset.

    Raises:
        ConfigurationError: There is none of this name.
    """
    if name not in PRESETS:
        raise ConfigurationError(f"--preset: found {name!r}; wanted: one of {', '.join(PRESETS)}")
    return (resources.files("stream") / "presets" / f"{name}.toml").read_text(encoding="utf-8")


def _read(file: str | None, preset: str | None, env: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    if file and preset:
        raise ConfigurationError("both a file and a preset were given; wanted: one of them")
    if preset:
        return f"preset {preset}", tomllib.loads(preset_text(preset))
    path = Path(file or env.get(ENV_FILE) or DEFAULT_FILE)
    if not path.exists() and not file and not env.get(ENV_FILE):
        raise ConfigurationError(
            f"no configuration: there is no ./{DEFAULT_FILE}; wanted: -c FILE, --preset NAME"
            f" ({', '.join(PRESETS)}) or the environment variable {ENV_FILE};"
            f" `microconv init --preset {PRESETS[0]}` writes one to start from"
        )
    try:
        return str(path), tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        named = f"environment {ENV_FILE}: " if env.get(ENV_FILE) and not file else ""
        raise ConfigurationError(f"{named}{path}: cannot be read ({why}); wanted: a TOML file") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not TOML: {error}") from None


def _override(tables: dict[str, Any], env: Mapping[str, str]) -> dict[str, str]:
    """Put ``MICROCONV_<SECTION>__<KEY>`` over the tables; return which key came from which variable."""
    sources: dict[str, str] = {}
    for variable, text in env.items():
        if not variable.startswith(ENV_PREFIX) or "__" not in variable:
            continue
        path = variable.removeprefix(ENV_PREFIX).lower().split("__")
        table = tables
        for part in path[:-1]:
            inner = table.setdefault(part, {})
            if not isinstance(inner, dict):
                raise ConfigurationError(
                    f"environment {variable}: {part!r} is no table; wanted: SECTION__KEY"
                )
            table = inner
        table[path[-1]] = _value(text)
        sources[".".join(path)] = variable
    return sources


def _value(text: str) -> Any:
    """Read a list or table as TOML has it (``["a", "b"]``); all else is text, which its key's type reads."""
    if text[:1] not in ("[", "{"):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _sentences(where: str, overridden: Mapping[str, str], error: ValidationError) -> str:
    lines: dict[tuple[str, str], None] = {}  # what fits none of several types is a problem for each of them
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"] if part not in _ALTERNATIVES) or "(whole)"
        source = _source(where, overridden, key)
        if problem["type"] == "extra_forbidden":
            told = f"{key}: found a key that is not known here; wanted: one of {_keys(problem['loc'])}"
        elif problem["type"] == "missing":
            told = f"{key}: found nothing; wanted: a value"
        elif key == "(whole)":
            told = _wanted(problem)
        else:
            told = f"{key}: found {_short(problem['input'])}; wanted: {_wanted(problem)}"
        lines[source, told] = None
    return "\n".join(f"{source}: {told}" for source, told in lines)


def _source(where: str, overridden: Mapping[str, str], key: str) -> str:
    """Return where a key came from: the variable that set it or a part of it, else the file."""
    variables = (variable for path, variable in overridden.items() if f"{path}.".startswith(f"{key}."))
    variable = next(variables, None)
    return f"environment {variable}" if variable else where


_ALTERNATIVES = ("str", "list[str]")
"""What pydantic puts at the end of a key that may be text or a list of text."""

_WANTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "a table",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a table",
    "string_too_short": "text that is not empty",
    "string_type": "text",
    "too_short": "one item or more",
}
"""What is wanted, by pydantic's kinds of problems; of others, what pydantic says."""


def _wanted(problem: ErrorDetails) -> str:
    if problem["loc"][-1:] and problem["loc"][-1] in _ALTERNATIVES:
        return "text or a list of text"
    if problem["type"] == "string_pattern_mismatch":
        return f"text of the form {problem['ctx']['pattern']}"
    said = str(problem["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    return _WANTED.get(problem["type"], said)


def _short(found: Any) -> str:
    text = repr(found)
    return text if len(text) <= 80 else text[:77] + "..."


def _keys(loc: tuple[int | str, ...]) -> str:
    """Return the keys that the table at ``loc`` knows."""
    model: Any = Settings
    for part in loc[:-1]:
        if isinstance(part, str) and hasattr(model, "model_fields") and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation)
    fields = getattr(model, "model_fields", {})
    return ", ".join(field.alias or name for name, field in fields.items()) or "its documented keys"


def _model_in(annotation: Any) -> Any:
    """Return the section class inside ``list[X]``, ``dict[str, X]`` or ``X``."""
    inner = getattr(annotation, "__args__", ())
    return _model_in(inner[-1]) if inner else annotation
