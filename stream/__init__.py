"""microconv: exact micro-conversion rates of live sites, in seconds."""

__version__ = "0.1.0"
