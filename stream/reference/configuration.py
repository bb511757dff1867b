"""The page of the configuration: every table with its keys."""

from collections.abc import Iterable, Iterator

from stream.configuration import DEFAULT_FILE, ENV_FILE, ENV_PREFIX, PRESETS
from stream.core.channel import CHANNELS
from stream.core.event import LABEL_FIELDS, WHERE_FIELDS
from stream.generate.described import Described, described
from stream.kinds import NAMES, Section
from stream.reference.markdown import code, page, sentence, table
from stream.settings import Settings


def configuration() -> str:
    """Return the page."""
    intro = f"""
TOML, from the first of: `-c FILE` or `--preset NAME` ({", ".join(map(code, PRESETS))}), the file that the
environment variable `{ENV_FILE}` names, `./{DEFAULT_FILE}`. `{ENV_PREFIX}<SECTION>__<KEY>` in the environment
overrides a key: `{ENV_PREFIX}KAFKA__BROKERS=kafka:9092`, `{ENV_PREFIX}KAFKA__EVENTS='["a", "b"]'`.

`microconv init --preset NAME` writes a file to start from; `microconv check` says what a file measures. A key
that is not known here is an error.
"""
    kinds = table(
        ("kind", "how it is written"),
        [
            ("duration", "`250ms`, `10s`, `30m`, `1h30m`, `24h`, `8d`, `2w`; without a unit: ms"),
            ("share", "`30%`, or 0.3"),
            ("rate", "`1/month`; per `hour`, `day`, `week` or `month`"),
            ("name", NAMES),
            (
                "where",
                "a table: field of the event = text, glob (`/p/*`) or list of them, of which one must fit",
            ),
        ],
    )
    readable = f"""
A `where` reads {_listed(WHERE_FIELDS)} and `props.NAME`;
a dimension all of them but {_listed(field for field in WHERE_FIELDS if field not in LABEL_FIELDS)}, and
{_listed(field for field in LABEL_FIELDS if field not in WHERE_FIELDS)}, by which the session came:
{_listed(CHANNELS)}.
"""
    return page("Configuration", intro, kinds, readable, *_tables(Settings, ""))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(code, names))


def _tables(section: type[Section], path: str) -> Iterator[str]:
    """Yield headings and tables of keys, those of tables inside below their own."""
    for key in described(section):
        if key.table is None:
            continue
        name = f"{path}{key.name}"
        yield f"## {_heading(name, key)}"
        yield sentence(key.text())
        yield table(("key", "meaning", "kind", "default"), map(_row, described(key.table)))
        yield from _tables(key.table, f"{name}.")


def _heading(name: str, key: Described) -> str:
    if "." in name and key.kind == "tables":
        return f"`{name}`, each"
    return {"tables": f"`[[{name}]]`", "tables by name": f"`[{name}]`, each"}.get(key.kind, f"`[{name}]`")


def _row(key: Described) -> tuple[str, str, str, str]:
    default = "needed" if key.needed else code(key.default) or "none"
    kind = "where" if key.name == "where" else key.kind
    return code(key.name), key.text(), kind, "below" if key.table is not None and not key.needed else default
