"""The verb ``check``: what a configuration measures, how much that makes, and what to think twice about."""
