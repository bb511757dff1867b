import re
import subprocess
from typing import Any

import pytest

from stream.generate.grafana import dashboard
from stream.sinks.metrics import HISTOGRAMS, METRICS
from tests.deploy.dashboard import queries
from tests.deploy.files import DEPLOY, ROOT, from_yaml
from tests.parts.prometheus import promtool

FOLDER = DEPLOY / "prometheus"
RULES = FOLDER / "rules.yml"
RULE_TESTS = sorted(FOLDER.glob("*.test.yml"))

EXPOSED = {
    "microconv_build_info",
    *(f"{name}_total" if "Counter" in found.kind.__name__ else name for name, found in METRICS.items()),
    *(f"{name}_bucket" for name in HISTOGRAMS),
}


def run_promtool(*arguments: object) -> None:
    """Run promtool; fail with what it says where it is not content."""
    done = subprocess.run(
        [promtool(), *map(str, arguments)], capture_output=True, text=True, cwd=FOLDER, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def rules() -> list[dict[str, Any]]:
    """Return all recording and alerting rules."""
    return [rule for group in from_yaml(RULES.read_text())["groups"] for rule in group["rules"]]


def alerts() -> dict[str, dict[str, Any]]:
    """Return the alerting rules by name."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def test_the_rules_and_the_configuration_are_right() -> None:
    """Promtool finds nothing wrong with either."""
    run_promtool("check", "rules", RULES)
    run_promtool("check", "config", FOLDER / "prometheus.yml")


@pytest.mark.parametrize("file", RULE_TESTS, ids=lambda file: file.name)
def test_the_rules_do_what_their_tests_say(file: object) -> None:
    """Alerts fire when they should, and stay silent where a number only looks bad."""
    run_promtool("test", "rules", file)


def test_each_alert_is_seen_to_fire_and_to_stay_silent() -> None:
    """The rules' tests hold at least one case of both kinds for every alert."""
    fires: set[str] = set()
    silent: set[str] = set()
    for file in RULE_TESTS:
        for case in from_yaml(file.read_text())["tests"]:
            for expected in case.get("alert_rule_test", ()):
                (fires if expected.get("exp_alerts") else silent).add(expected["alertname"])
            for expected in case.get("promql_expr_test", ()):
                if found := re.search(r'ALERTS\{alertname="(\w+)"', expected["expr"]):
                    (fires if expected.get("exp_samples") else silent).add(found[1])
    assert len(RULE_TESTS) >= 3
    assert fires == silent == set(alerts())


def test_each_alert_says_what_it_is_and_what_to_do() -> None:
    """A person woken by it reads what happened, how bad it is, and where to look first."""
    for name, alert in alerts().items():
        assert set(alert["annotations"]) == {"summary", "description", "runbook"}, name
        assert alert["labels"]["severity"] in ("critical", "warning"), name


def test_the_page_for_people_explains_each_alert() -> None:
    """The alerts of the documentation are those that there are."""
    page = (ROOT / "docs" / "how-to" / "alert-with-prometheus.md").read_text()
    assert set(re.findall(r"`(Microconv\w+)`", page)) == set(alerts())


def test_names_are_those_that_workers_expose() -> None:
    """No rule and no panel waits for a metric that no worker has."""
    expressions = [rule["expr"] for rule in rules()] + queries(dashboard())
    named = {
        name for expression in expressions for name in re.findall(r"(?<!:)\bmicroconv_\w+(?!:)\b", expression)
    }
    assert named <= EXPOSED
    assert len(named) >= 15


def test_recorded_series_are_named_by_level_metric_and_operation() -> None:
    """As Prometheus' own habit is, so that a name tells what was summed over."""
    for rule in rules():
        if "record" in rule:
            assert re.fullmatch(r"[a-z_]+:microconv_[a-z_]+:[a-z]\w+", rule["record"])
