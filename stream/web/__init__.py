"""The worker's own HTTP pages."""
