"""The page of the metrics for Prometheus."""

from stream.core.event import OUTCOME_MEANINGS
from stream.reference.markdown import code, page, table
from stream.sinks.metrics import BUCKETS, LABELS, OWNERS, exposed


def metrics() -> str:
    """Return the page."""
    intro = """
At `/metrics` of each worker. The whole is `dimension="all",value="all"`; every session is in it and once more
in each dimension, so do not sum over dimensions. Counters come from durable state and go on after a restart;
those of known labels start at 0. Gauges are NaN where there were no sessions. `microconv check` tells how
many series a configuration makes.
"""
    found = table(
        ("metric", "type", "meaning", "labels", "exposed by"),
        (
            (
                code(metric.name),
                metric.kind,
                metric.help,
                ", ".join(map(code, metric.labels)),
                OWNERS[metric.owner],
            )
            for metric in exposed()
        ),
    )
    bounds = ", ".join(f"{bound:g}" for bound in BUCKETS)
    buckets = f"Histograms are exposed as `_bucket`, `_sum` and `_count`; buckets, in seconds: {bounds}."
    labels = table(("label", "meaning"), ((code(label), text) for label, text in LABELS.items()))
    outcomes = table(
        ("outcome", "counts records"), ((code(name), text) for name, text in OUTCOME_MEANINGS.items())
    )
    reasons = "Each record has one outcome. [The page of the topics](topics.md) has the reasons."
    return page("Metrics", intro, found, buckets, labels, reasons, outcomes)
