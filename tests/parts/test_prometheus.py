import subprocess
from wsgiref.simple_server import WSGIServer

import pytest
from prometheus_client import CollectorRegistry, Counter, start_http_server

from stream.embedded import StartError, free_port
from tests.parts.prometheus import PrometheusServer, promtool

RULES = """
groups:
- name: doubled
  rules:
  - record: orders_doubled
    expr: orders_total * 2
"""


def test_prometheus_scrapes_and_applies_rules() -> None:
    """What a small web server exposes can be queried a moment later, also through a rule."""
    registry = CollectorRegistry()
    Counter("orders", "Orders", ["device"], registry=registry).labels("mobile").inc(21)
    port = free_port()
    exposed, thread = start_http_server(port, "127.0.0.1", registry)
    assert isinstance(exposed, WSGIServer)
    settings = {"rule_files": ["rules.yml"]}
    try:
        with PrometheusServer([f"127.0.0.1:{port}"], settings, {"rules.yml": RULES}) as prometheus:
            (doubled,) = prometheus.wait_for("orders_doubled")
            assert (doubled.labels["device"], doubled.value) == ("mobile", 42.0)
            assert prometheus.query("sum(orders_total)")[0].value == 21.0
            assert prometheus.query("2 * 3")[0].value == 6.0
            assert prometheus.query("absent_total") == []
            with pytest.raises(ValueError, match="parse error"):
                prometheus.query("sum(")
    finally:
        exposed.shutdown()
        exposed.server_close()
        thread.join()


def test_wrong_settings_are_told_with_the_log() -> None:
    """A Prometheus that refuses its settings raises an error that says which."""
    with (
        pytest.raises(StartError, match="no_such_setting"),
        PrometheusServer(settings={"no_such_setting": 1}),
    ):
        pass


def test_promtool_is_there() -> None:
    """The path that promtool() finds is the program."""
    version = subprocess.run([promtool(), "--version"], capture_output=True, text=True, check=True)
    assert version.stdout.startswith("promtool")
