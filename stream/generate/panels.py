"""What the dashboard shows: rows of panels and their queries, in the order they are seen."""

from collections.abc import Sequence
from typing import NamedTuple

# The gauges of one funnel and window. The greatest, not the sum: while the rates change hands, two workers
# may show them.
WINDOW = 'funnel="$funnel", window="$window"'
WHOLE = f'{{{WINDOW}, dimension="all"}}'
SEGMENTS = f'{{{WINDOW}, dimension="$dimension"}}'


class Query(NamedTuple):
    """A PromQL expression and how the lines it finds are named."""

    expression: str
    legend: str


class Panel(NamedTuple):
    """A drawing of some queries.

    Attributes:
        unit: Grafana's id of the unit.
        help: What is seen, for people who do not know the terms.
        kind: Grafana's panel type.
    """

    title: str
    unit: str
    help: str
    queries: Sequence[Query]
    kind: str = "timeseries"


class Row(NamedTuple):
    """A heading and the panels below it, side by side, three in a line."""

    title: str
    panels: Sequence[Panel]


def _quantile(share: float, metric: str, by: str = "") -> str:
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({labels}) (rate({metric}_bucket[$__rate_interval])))"


CONVERSION = Row(
    "Conversion: $funnel, last $window",
    [
        Panel(
            "Conversion ratio",
            "percentunit",
            "Share of the window's relevant sessions that have reached the step by now. It still grows while "
            "sessions are open.",
            [Query(f"max by (step) (microconv_conversion_ratio{WHOLE})", "{{step}}")],
        ),
        Panel(
            "Flow ratio",
            "percentunit",
            "Sessions that reached the step in the window, per relevant session of the window. It moves at "
            "once when something breaks, and may exceed 100 %.",
            [Query(f"max by (step) (microconv_flow_ratio{WHOLE})", "{{step}}")],
        ),
        Panel(
            "Sessions and converted",
            "short",
            "Relevant sessions of the window, and those of them that reached each step.",
            [
                Query(f"max by (funnel) (microconv_window_sessions{WHOLE})", "relevant"),
                Query(f"max by (step) (microconv_window_converted{WHOLE})", "{{step}}"),
            ],
        ),
    ],
)

BY_SEGMENT = Row(
    "By $dimension",
    [
        Panel(
            "Conversion ratio by $dimension",
            "percentunit",
            "As above, for each segment.",
            [Query(f"max by (step, value) (microconv_conversion_ratio{SEGMENTS})", "{{step}} {{value}}")],
        ),
        Panel(
            "Flow ratio by $dimension",
            "percentunit",
            "As above, for each segment.",
            [Query(f"max by (step, value) (microconv_flow_ratio{SEGMENTS})", "{{step}} {{value}}")],
        ),
        Panel(
            "Sessions and converted by $dimension",
            "short",
            "As above, for each segment.",
            [
                Query(f"max by (value) (microconv_window_sessions{SEGMENTS})", "relevant {{value}}"),
                Query(f"max by (step, value) (microconv_window_converted{SEGMENTS})", "{{step}} {{value}}"),
            ],
        ),
    ],
)

EVENTS = Row(
    "Events",
    [
        Panel(
            "Events per second",
            "eps",
            "Every record read has one outcome; only counted events are in the numbers.",
            [Query("sum by (outcome) (rate(microconv_events_total[$__rate_interval]))", "{{outcome}}")],
        ),
        Panel(
            "Rejected per second",
            "eps",
            "Rejected records by reason; they are kept in topic site-events-rejected.",
            [Query("sum by (reason) (rate(microconv_rejected_total[$__rate_interval]))", "{{reason}}")],
        ),
        Panel(
            "Open sessions",
            "short",
            "Sessions that have not closed yet.",
            [Query("sum(max by (partition) (microconv_open_sessions))", "open")],
        ),
    ],
)

PROCESSOR = Row(
    "Processor",
    [
        Panel(
            "Lag",
            "short",
            "Events that wait in Kafka.",
            [Query("sum by (topic) (max by (topic, partition) (microconv_lag_events))", "{{topic}}")],
        ),
        Panel(
            "Watermark delay",
            "s",
            "How far the slowest partition's event time is behind the clock. Windows close by it.",
            [
                Query(
                    "time() - min by (topic) (microconv_watermark_timestamp_seconds > 0)",
                    "{{topic}}",
                )
            ],
        ),
        Panel(
            "Event to publish",
            "s",
            "From the arrival of an event to its rates being shown.",
            [
                Query(_quantile(0.5, "microconv_event_to_publish_seconds"), "p50"),
                Query(_quantile(0.99, "microconv_event_to_publish_seconds"), "p99"),
            ],
        ),
        Panel(
            "Transaction",
            "s",
            "How long transactions are open; readers of the written topics wait for them.",
            [
                Query(_quantile(0.5, "microconv_transaction_seconds", "topology"), "{{topology}} p50"),
                Query(_quantile(0.99, "microconv_transaction_seconds", "topology"), "{{topology}} p99"),
            ],
        ),
        Panel(
            "Redis lag",
            "s",
            "Age of the oldest value that Redis does not have yet.",
            [Query("max(microconv_redis_lag_seconds)", "behind")],
        ),
        Panel(
            "Workers up",
            "none",
            "Workers that answer.",
            [Query("count(microconv_build_info)", "workers")],
            kind="stat",
        ),
    ],
)

ROWS = (CONVERSION, BY_SEGMENT, EVENTS, PROCESSOR)
