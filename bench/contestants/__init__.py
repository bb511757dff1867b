"""Programs that read the same topic, each its own process: what they cost is measured from outside."""
