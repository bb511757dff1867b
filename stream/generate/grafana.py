"""The Grafana dashboard as JSON; ``python -m stream.generate.grafana`` prints it.

What it shows is said in :mod:`stream.generate.panels`; here is only how Grafana wants to be told.
"""

import json
import math
import sys
from collections.abc import Sequence
from typing import Any

from stream.generate.panels import ROWS, Panel, Row

Json = dict[str, Any]

SCHEMA_VERSION = 39
"""Grafana 11.0's schema; later versions bring a dashboard up to date when they read it."""

DATASOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24
PANELS_IN_A_LINE = 3
PANEL_WIDTH = COLUMNS // PANELS_IN_A_LINE
PANEL_HEIGHT = 8
ROW_HEIGHT = 1


def dashboard() -> Json:
    """Return the dashboard as Grafana's JSON model."""
    return {
        "uid": "microconv",
        "title": "Micro-conversions",
        "tags": ["microconv"],
        "schemaVersion": SCHEMA_VERSION,
        "editable": True,
        "graphTooltip": 1,  # one crosshair over all panels
        "refresh": "5s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": []},
        "links": [],
        "templating": {"list": _variables()},
        "panels": _panels(ROWS),
    }


def to_json(made: Json) -> str:
    """Return a dashboard as the text of its file."""
    return json.dumps(made, indent=2) + "\n"


def _variables() -> list[Json]:
    return [
        {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
        _variable("funnel", "Funnel", "checkout"),
        _variable("window", "Window", "15m"),
        _variable("dimension", "Dimension", "device"),
    ]


def _variable(name: str, label: str, first: str) -> Json:
    """Return a choice among the values of the label ``name``, ``first`` when the dashboard opens."""
    query = f"label_values(microconv_window_sessions, {name})"
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "definition": query,
        "query": {"query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        "refresh": 2,  # whenever the time range changes
        "sort": 1,  # by name
        "current": {"text": first, "value": first},
        "includeAll": False,
        "multi": False,
    }


def _panels(rows: Sequence[Row]) -> list[Json]:
    panels: list[Json] = []
    y = 0
    for row in rows:
        place = _place(0, y, COLUMNS, ROW_HEIGHT)
        panels.append({"type": "row", "title": row.title, "collapsed": False, "panels": [], "gridPos": place})
        y += ROW_HEIGHT
        for number, panel in enumerate(row.panels):
            line, column = divmod(number, PANELS_IN_A_LINE)
            place = _place(column * PANEL_WIDTH, y + line * PANEL_HEIGHT, PANEL_WIDTH, PANEL_HEIGHT)
            panels.append({**_panel(panel), "gridPos": place})
        y += math.ceil(len(row.panels) / PANELS_IN_A_LINE) * PANEL_HEIGHT
    return [{"id": number, **panel} for number, panel in enumerate(panels, start=1)]


def _place(x: int, y: int, width: int, height: int) -> Json:
    return {"x": x, "y": y, "w": width, "h": height}


def _panel(panel: Panel) -> Json:
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.help,
        "datasource": DATASOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, "noValue": "no data"}, "overrides": []},
        "options": _options(panel.kind),
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": DATASOURCE,
                "expr": query.expression,
                "legendFormat": query.legend,
            }
            for number, query in enumerate(panel.queries)
        ],
    }


def _options(kind: str) -> Json:
    if kind == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "area"}
    return {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


if __name__ == "__main__":
    sys.stdout.write(to_json(dashboard()))
