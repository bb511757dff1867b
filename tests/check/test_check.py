"""The verb ``check``: what it tells, what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from stream.check.facts import facts, to_json
from stream.configuration import PRESETS, find, load
from stream.core.rates import Rates
from stream.sinks.volume import volume
from stream.units import duration_text
from tests.check.telling import ACTION, EVERYTHING, printed, run, told, written


def test_people_read_that_topics_are_repartitioned(tmp_path: Path) -> None:
    """A topic that is not keyed by visitor is read twice, and counts as one input more."""
    unkeyed = '[kafka]\nkeyed_by = "none"\n[[micro]]\nname = "any"\nevent = "any"\n'
    text = printed(told(tmp_path, unkeyed))
    assert "reads site-events (auto, repartitioned by visitor first)" in text
    assert "with one worker and 16 input partitions" in text


def test_people_read_what_will_be_measured(tmp_path: Path) -> None:
    """Every part of a configuration that decides about numbers is there, at 80 columns."""
    text = printed(told(tmp_path, EVERYTHING))
    for sentence in (
        "my.toml",
        "reads site-events, app-events (auto, keyed by visitor) at localhost:9092, as group microconv",
        "writes conversion-rates, conversion-history, site-events-rejected, site-events-late",
        "Redis at redis.example.org:6380/2, keys mc:*",
        "sessions end after 30m of silence, or when 24h long",
        "1m, 5m sliding by 10s; 3h sliding by 1m; 10d sliding by 1h; closed: 1m, 1h",
        "funnel lead: ordered, in one session, within 45m of the first step, which is the session's first",
        "lead.form form_start page = /[a-z]* or /offer",
        "lead.sent form_submit optional, within 90s of the step before",
        "lead.call schedule_call macro",
        "micro.guide file_download sessions with lead.form",
        "device device mobile, desktop 7 and __other__",
        "plan props.plan 20 and __other__",
        "both device x plan 30 and __other__",
    ):
        assert sentence in printed(told(tmp_path, EVERYTHING), width=200), sentence
    for word in ("lead.form", "schedule_call", "props.plan", "/offer", "__other__"):
        assert word in text
    assert "secret" not in text


STRICTER = """
[[funnel]]
name = "buy"
order = "strict"
steps = [
  { name = "see", event = "view_item", where = { value = [">= 10 < 50", ">100"], page = "/p/*" } },
  { name = "plan", event = "select", where = { "props.seats" = ["5", "<3"] } },
  { name = "pay", event = "purchase" },
]
exclude = [
  { event = "refund", where = { value = "> 0" }, from = "see", to = "plan" },
  { event = "leave" },
]
[[funnel]]
name = "learn"
order = "unordered"
steps = [{ name = "read", event = "read" }, { name = "watch", event = "watch" }]
[[funnel]]
name = "trial"
scope = "visitor"
reentry = "first"
within = "7d"
steps = [{ name = "come", event = "come" }, { name = "stay", event = "stay" }]
"""


def test_people_read_what_makes_a_funnel_stricter_or_wider(tmp_path: Path) -> None:
    """Order, scope, exclusions and comparisons of numbers decide about numbers, so they are told."""
    text = printed(told(tmp_path, STRICTER), width=200)
    for sentence in (
        "funnel buy: strict (no other event in between), in one session, within 30m of the first step",
        "buy.see view_item value >= 10 and < 50 or value > 100, page = /p/*",
        "buy.plan select props.seats = 5 or props.seats < 3",
        "ended by refund where value > 0, once buy.see is reached and as long as buy.plan is not",
        "ended by leave, once buy.see is reached and as long as buy.pay is not",
        "funnel learn: unordered (steps in any order), in one session, within 30m of each other",
        "funnel trial: ordered, across a visitor's sessions, within 7d of the first step, which is the"
        " attempt's first",
    ):
        assert sentence in text, sentence
    assert printed(told(tmp_path, STRICTER))
    found = json.loads(to_json(told(tmp_path, STRICTER)))["funnels"]
    assert [(funnel["order"], funnel["scope"]) for funnel in found] == [
        ("strict", "session"),
        ("unordered", "session"),
        ("ordered", "visitor"),
    ]
    assert found[0]["exclusions"][0] == {
        "event": "refund",
        "where": {"value": ["> 0"]},
        "reached": "buy.see",
        "before": "buy.plan",
    }


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_is_told(preset: str) -> None:
    """Every measure of every preset is there, and where a funnel runs across sessions, that."""
    done = run("--preset", preset)
    assert done.exit_code == 0
    for measure in load(preset=preset, environ={}).definition().measures():
        assert (f" {measure} " in done.stdout) != measure.startswith("session.")
    assert ("across a visitor's sessions, within 30d" in done.stdout) == (preset == "saas")


def test_how_much_that_makes(tmp_path: Path) -> None:
    """Segments, hashes and series are those of the sinks' own definitions, and the sums are shown."""
    found = told(tmp_path, EVERYTHING)
    settings = load(written(tmp_path, EVERYTHING), environ={})
    most = volume(settings.definition(), settings.watched_segments())
    assert found.at_most.measures == 8
    assert found.at_most.segments == most.segments == 1 + 8 + 21 + 31
    assert found.at_most.redis_hashes == most.hashes() == (8 + 1 + 1) * 4 * 61 + 2 + 4
    assert found.at_most.prometheus_series.total == most.all_series(16)
    text = printed(found, width=200)
    assert "segments 61 = 1 (all) + 8 (device) + 21 (plan) + 31 (both)" in text
    assert "Redis hashes 2,446 = (8 measures + 1 macro step + 1) x 4 windows x 61 segments + 6" in text
    assert f"Prometheus series {most.all_series(16):,} with one worker and 16 input partitions" in text
    assert found.at_most.prometheus_series.each_currency == most.series_a_currency == 61
    assert "61 more for each further currency" in text


def test_the_steps_of_windows_are_those_of_the_rates(tmp_path: Path) -> None:
    """A window slides by what it is said to slide by."""
    found = told(tmp_path, EVERYTHING).windows
    assert dict(zip(found.sizes, found.steps, strict=True)) == {
        "1m": "10s",
        "5m": "10s",
        "3h": "1m",
        "10d": "1h",
    }
    rates = Rates(load(written(tmp_path, EVERYTHING), environ={}).definition())
    for window in rates.windows.values():
        window.slide(0)
        assert window.end is not None
        step = found.steps[found.sizes.index(duration_text(window.size))]
        assert step == duration_text(window.end), "at time 0 it ends with its first step"


def test_programs_read_the_same() -> None:
    """With --json there is one object with the same facts, and nothing else."""
    done = run("--preset", "ecommerce", "--json")
    assert done.exit_code == 0
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.stdout == to_json(facts(find(preset="ecommerce"))) + "\n"
    assert found["source"] == "preset ecommerce"
    assert found["kafka"]["reads"] == ["site-events"]
    assert found["funnels"][1]["steps"][3] == {
        "measure": "checkout.shipping",
        "event": "add_shipping_info",
        "where": {},
        "optional": True,
        "macro": False,
        "within_ms": None,
    }
    assert found["micros"][0] == {
        "measure": "micro.newsletter",
        "event": "sign_up",
        "where": {},
        "of": "session",
    }
    assert found["at_most"]["measures"] == 16


def test_variables_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """What came from the environment is told, with the variable."""
    monkeypatch.setenv("MICROCONV_KAFKA__GROUP", "shop")
    assert "kafka.group from MICROCONV_KAFKA__GROUP" in run("--preset", "ecommerce").stdout


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[kafka]\nbrokerz = 'x'", "kafka.brokerz: found a key that is not known here"),
        ("", "nothing to measure"),
        (
            f"{ACTION}[redis]\nurl = 'http://localhost'",
            "my.toml: redis.url: found scheme 'http'; wanted: redis://",
        ),
        (
            f"{ACTION}[redis]\nurl = 'redis://:secret@localhost:port'",
            "redis.url: found a host or port that is none",
        ),
        (
            f"{ACTION}[kafka]\nauth.password_file = 'no-such-file'",
            "my.toml: kafka.auth.password_file: no-such-file: No such file",
        ),
        (
            f"{ACTION}[kafka]\nauth = {{ tls = true, ca_file = 'no-such-file' }}",
            "my.toml: kafka.auth.ca_file: no-such-file: No such file",
        ),
        (
            f"{ACTION}[kafka]\nauth = {{ tls = true, cert_file = '{__file__}' }}",
            f"my.toml: kafka.auth.cert_file: {__file__}: ",
        ),
        (f"{ACTION}[kafka]\nevents = ['a', 'a']", "kafka.events: found 'a', twice; wanted: topics of events"),
        (
            f"{ACTION}[kafka]\nevents = ['conversion-rates']",
            "kafka.events: found 'conversion-rates', a topic",
        ),
        (f"{ACTION}where = {{ pagee = '[/x]' }}", "not 'pagee' but a field of events"),
    ],
)
def test_what_a_worker_would_refuse_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    """Exit code 2 with the sentence on standard error, and nothing else; also for programs."""
    for options in ([], ["--json"]):
        done = run("-c", written(tmp_path, text), *options)
        assert done.exit_code == 2
        assert sentence in done.stderr
        assert done.stdout == ""
        assert "secret" not in done.stderr
        assert "Traceback" not in done.stderr


def test_a_variable_that_a_worker_would_refuse_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what shows only when Redis and Kafka are set up is blamed on the variable that it came from."""
    monkeypatch.setenv("MICROCONV_REDIS__URL", "localhost:6379")
    done = run("--preset", "ecommerce")
    assert done.stderr.startswith("environment MICROCONV_REDIS__URL: redis.url: found ")


def test_both_or_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file and a preset contradict each other; without either and without a default file it says how."""
    monkeypatch.chdir(tmp_path)
    assert run("-c", "a.toml", "--preset", "ecommerce").exit_code == 2
    done = run()
    assert done.exit_code == 2
    assert "microconv init --preset ecommerce" in done.stderr
