"""The past from files: what is sent, and what is told of it. With workers: tests/worker/test_backfill.py."""
