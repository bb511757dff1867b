import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stream.generate.grafana import COLUMNS, dashboard, to_json
from tests.deploy import sample_page
from tests.deploy.dashboard import queries, unanswered, wait_until_answered, with_variables
from tests.deploy.files import DEPLOY, from_yaml, mounts
from tests.parts.prometheus import PrometheusServer

COMMITTED = DEPLOY / "grafana" / "dashboards" / "microconv.json"


@pytest.fixture(scope="module")
def prometheus() -> Iterator[PrometheusServer]:
    """A Prometheus that scrapes the sample page."""
    with sample_page.serve() as target, PrometheusServer([target]) as server:
        yield server


def test_the_committed_dashboard_is_the_one_that_is_built() -> None:
    """The file that Grafana reads was not changed by hand, and not forgotten when the code changed."""
    assert COMMITTED.read_text() == to_json(dashboard()), (
        f"run: python -m stream.generate.grafana > {COMMITTED.relative_to(DEPLOY.parent)}"
    )


def test_every_query_finds_numbers(prometheus: PrometheusServer) -> None:
    """With the worker's metrics there, each panel and each choice of the dashboard has something to show."""
    assert len(queries(dashboard())) >= 15
    wait_until_answered(prometheus.query, dashboard())


def test_a_query_without_numbers_is_told(prometheus: PrometheusServer) -> None:
    """The check above does fail: for a wrong name, for a value that is no number, for a choice of none."""
    wait_until_answered(prometheus.query, dashboard())
    wrong = json.loads(json.dumps(dashboard()))
    wrong["templating"]["list"][-1]["current"]["value"] = "weather"
    wrong["panels"] = [
        {"targets": [{"expr": "microconv_no_such_metric"}]},
        {"targets": [{"expr": 'microconv_conversion_ratio{value="other"}'}]},
        {"targets": [{"expr": 'microconv_lag_events{topic="site-events"}'}]},
    ]

    assert list(unanswered(prometheus.query, wrong)) == [
        "$dimension does not offer 'weather'",
        "microconv_no_such_metric",
        'microconv_conversion_ratio{value="other"}',
    ]
    with pytest.raises(AssertionError, match="microconv_no_such_metric"):
        wait_until_answered(prometheus.query, wrong, within=0)


def test_variables_are_put_in_as_grafana_does() -> None:
    """Both forms of a reference are known; one to a variable that there is not is an error."""
    assert with_variables('a{b="$c", d="${e}"}[$__rate_interval]', {"c": "1", "e": "2"}) == (
        'a{b="1", d="2"}[10s]'
    )
    with pytest.raises(KeyError, match="f"):
        with_variables("$f", {})


def test_panels_lie_side_by_side_and_none_on_another() -> None:
    """Each place of the grid is taken by one panel at most, within the width that Grafana has."""
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < COLUMNS
        taken |= cells
    ids = [panel["id"] for panel in dashboard()["panels"]]
    assert len(set(ids)) == len(ids)


def test_grafana_is_told_of_the_dashboard_and_where_its_numbers_are(compose: dict[str, Any]) -> None:
    """The provisioned folder is the mounted one, and the data source is the Prometheus beside it."""
    grafana = compose["services"]["grafana"]
    folders = mounts(grafana)
    provisioning = Path(folders["/etc/grafana/provisioning"])

    (provider,) = from_yaml((provisioning / "dashboards" / "microconv.yml").read_text())["providers"]
    (source,) = from_yaml((provisioning / "datasources" / "prometheus.yml").read_text())["datasources"]
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]

    assert list(Path(folders[provider["options"]["path"]]).glob("*.json")) == [COMMITTED]
    assert home == f"{provider['options']['path']}/{COMMITTED.name}"
    assert source["url"] == "http://prometheus:9090"
    scraped = from_yaml((DEPLOY / "prometheus" / "prometheus.yml").read_text())["global"]
    assert source["jsonData"]["timeInterval"] == scraped["scrape_interval"]
