"""How a measure, a segment and a window are named where numbers are shown."""

from typing import NamedTuple

from stream.core.segment import ALL


class Label(NamedTuple):
    """A segment as labels have it."""

    dimension: str
    value: str


def segment_label(segment: str) -> Label:
    """Return dimension and value; the whole is ``all`` in both."""
    if segment == ALL:
        return Label(ALL, ALL)
    dimension, _, value = segment.partition("=")
    return Label(dimension, value)


class Measure(NamedTuple):
    """A measure as labels have it."""

    funnel: str
    step: str


def measure_label(measure: str) -> Measure:
    """Return funnel and step of ``funnel.step``."""
    funnel, _, step = measure.partition(".")
    return Measure(funnel, step)
