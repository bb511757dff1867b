"""Where simulated records go: a Kafka topic, or lines of text."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Told now and then how many records were sent so far, and the timestamp of the last one (ms)."""
