"""The public surface: the definitions have the names that are promised."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from stream.agents.aside import HEADERS, LATE_HEADERS
from stream.app import make
from stream.cli import EXIT_CODES, cli
from stream.configuration import PRESETS, load
from stream.core.closed import ROW_FIELDS, ClosedRow
from stream.core.event import EVENT_FIELDS, OUTCOMES, REASONS
from stream.core.fields import Field
from stream.generate.described import described
from stream.kinds import Section
from stream.settings import Settings
from stream.sinks.keys import CHANNELS, KEYS, Keys
from stream.sinks.metrics import exposed
from stream.wiring import Topics
from tests.surface.names import COMMANDS, CONFIGURATION, EVENT, LATE, METRICS, REDIS, REJECTED, ROW

SHOP = load(preset="ecommerce", environ={})


def names(fields: tuple[Field, ...]) -> set[str]:
    """Return the names of fields."""
    return {field.name for field in fields}


def defaults(section: type[Section], path: str = "") -> dict[str, str]:
    """Return every key that holds a value, with its default."""
    found = {}
    for key in described(section):
        if key.table is None:
            found[f"{path}{key.name}"] = "needed" if key.needed else key.default
        else:
            found |= defaults(key.table, f"{path}{key.name}.")
    return found


def test_how_it_is_called() -> None:
    """Distribution, package and command have the names by which it is installed, imported and run."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["name"] == "microconv"
    assert project["scripts"] == {"microconv": "stream.cli:main"}


def test_commands_and_options() -> None:
    """Each command has these options, and no others."""
    group: Any = typer.main.get_command(cli)
    found = {
        name: {option for parameter in command.params for option in parameter.opts}
        for name, command in group.commands.items()
    }
    assert found == COMMANDS


def test_exit_codes() -> None:
    """What scripts tell outcomes by."""
    assert {code: text.partition(";")[0] for code, text in EXIT_CODES.items()} == {
        0: "good",
        1: "failed while running",
        2: "wrong usage or configuration",
    }


def test_keys_of_the_configuration() -> None:
    """A file that was valid stays valid, and a key that was left out stays what it was."""
    assert defaults(Settings) == CONFIGURATION
    assert PRESETS == ("ecommerce", "saas", "content", "leads")


def test_a_configuration_with_everything_is_valid(tmp_path: Path) -> None:
    """Values are written as people were told to write them."""
    file = tmp_path / "microconv.toml"
    file.write_text(
        """
        [kafka]
        brokers = "localhost:9092"
        keyed_by = "visitor"
        auth = { mechanism = "SCRAM-SHA-512", username = "u", password_file = "p", tls = true, ca_file = "c" }
        [dimensions]
        device = { values = ["mobile", "desktop", "tablet"], max_values = 5 }
        source = {}
        plan = { field = "props.plan" }
        device_source = { cross = ["device", "source"] }
        [[funnel]]
        name = "checkout"
        order = "ordered"
        scope = "session"
        within = "30m"
        reentry = "first"
        steps = [
          { name = "product_view", event = "view_item" },
          { name = "begin_checkout", event = "begin_checkout", weight = 0.5, within = "20m" },
          { name = "shipping", event = "add_shipping_info", optional = true },
          { name = "order", event = "purchase", macro = true },
        ]
        [[micro]]
        name = "newsletter"
        event = "sign_up"
        where = { page = "/blog/*", device = ["mobile", "tablet"] }
        of = "checkout.product_view"
        weight = 0.2
        [[audience]]
        name = "abandoners"
        entered = "checkout.begin_checkout"
        without = "checkout.order"
        quiet_for = "30m"
        keep_for = "7d"
        [[alert]]
        name = "checkout falls"
        watch = ["checkout.*", "micro.newsletter"]
        segments = ["all", "device"]
        drop = "30%"
        false_alarms = "1/month"
        [[notify]]
        url = "http://localhost:9093/api/v2/alerts"
        kind = "alertmanager"
        """
    )
    assert load(str(file), environ={}).definition().measures()[-5] == "micro.newsletter"


@pytest.mark.says(
    "Rejection reasons are a closed list: `not_json` `not_an_object` `too_large` `too_deep` `missing_name`"
    " `missing_visitor` `bad_time` `future_time` `bad_field`."
)
def test_events() -> None:
    """What trackers send: the fields that are read, what becomes of a record, and why it is rejected."""
    assert names(EVENT_FIELDS) == set(EVENT.split())
    assert set(OUTCOMES) == {"counted", "duplicate", "late", "rejected", "bot"}
    assert set(REASONS) == {
        *("not_json", "not_an_object", "too_large", "too_deep", "missing_name", "missing_visitor"),
        *("bad_time", "future_time", "bad_field"),
    }


def test_topics() -> None:
    """What consumers subscribe to, with the prefix where there is one; internal ones begin with the group."""
    topics = Topics(SHOP)
    assert topics.events == ("site-events",)
    assert topics.written == (
        *("conversion-rates", "conversion-history"),
        *("site-events-rejected", "site-events-late"),
    )
    assert topics.internal[:2] == ("microconv-window-counts", "microconv-visitor-commands")
    kafka = SHOP.kafka.model_copy(update={"topic_prefix": "eu-", "group": "shop"})
    other = Topics(SHOP.model_copy(update={"kafka": kafka}))
    assert other.written == tuple(f"eu-{name}" for name in topics.written)
    assert all(name.startswith("shop-") for name in other.internal)


def test_topics_that_are_not_keyed_by_visitor() -> None:
    """They are repartitioned to one more internal topic, and each has a changelog of its own."""
    kafka = SHOP.kafka.model_copy(update={"keyed_by": "none", "events": ["web", "app"]})
    unkeyed = SHOP.model_copy(update={"kafka": kafka})
    topics = Topics(unkeyed)
    assert topics.by_visitor == "microconv-events-by-visitor"
    assert topics.by_visitor in topics.internal
    plan = make(unkeyed).engine.app.plan
    assert plan.changelogs == set(topics.changelogs)
    assert {"web", "microconv-repartition-web-changelog"} in map(set, plan.groups.values())
    assert not any({"web", "app"} <= set(group) for group in plan.groups.values()), "of any partition counts"


def test_changelogs_are_those_of_the_engine() -> None:
    """What is said to be internal is what the engine makes for its topologies."""
    assert make(SHOP).engine.app.plan.changelogs == set(Topics(SHOP).changelogs)


def test_records_of_topics() -> None:
    """What consumers read: keys, fields, headers, and how long it is kept."""
    assert names(ROW_FIELDS) == set(ROW.split())
    row = ClosedRow(
        "a.b", "device=tv set", "1m", 60_000, 120_000, 0, 0, 0, 0, None, None, None, None, None, *(True,) * 2
    )
    assert row.key() == "a.b|device=tv%20set|1m|60000"
    assert names(HEADERS) == set(REJECTED.split())
    assert names(LATE_HEADERS) == set(LATE.split())
    specs = {spec.name: spec for spec in Topics(SHOP).specs(-1)}
    assert specs["conversion-rates"].config["cleanup.policy"] == "compact,delete"
    assert specs["conversion-rates"].config["retention.ms"] == str(30 * 86_400_000)
    assert specs["conversion-history"].config == {
        "cleanup.policy": "compact,delete",
        "retention.ms": str(366 * 86_400_000),
    }
    for name in ("site-events-rejected", "site-events-late"):
        assert specs[name].partitions is None, "as many as the events"


def test_keys_in_redis() -> None:
    """What other programs look up: patterns, types, fields, and how a segment is written."""
    assert {pattern: (key.type, names(key.fields)) for pattern, key in KEYS.items()} == {
        pattern: (kind, set(fields.split())) for pattern, (kind, fields) in REDIS.items()
    }
    assert set(CHANNELS) == {"rates"}
    keys = Keys("mc")
    assert keys.rate("checkout.order", "5m", "device=tv set") == "mc:rate:checkout.order:5m:device=tv%20set"
    assert keys.session("1h", "device=tv set") == "mc:session:1h:device=tv%20set"
    assert keys.time("checkout", "1h", "device=tv set") == "mc:time:checkout:1h:device=tv%20set"
    assert keys.history("checkout.order", "all") == "mc:history:checkout.order:all"
    assert (keys.segments("device"), keys.status, keys.fence, keys.rates_channel) == (
        "mc:segments:device",
        "mc:status",
        "mc:fence",
        "mc:rates",
    )


@pytest.mark.parametrize("name", METRICS)
def test_a_metric(name: str) -> None:
    """What dashboards and rules query: the name, its kind and its labels."""
    (found,) = [metric for metric in exposed() if metric.name == name]
    kind, labels = METRICS[name]
    assert (found.kind, set(found.labels)) == (kind, set(labels.split()))


def test_no_other_metrics() -> None:
    """Every metric is in the table."""
    assert {metric.name for metric in exposed()} == set(METRICS)
