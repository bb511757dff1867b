"""Throughput and latency of the worker, as ratios of one run: ``python -m bench``."""
