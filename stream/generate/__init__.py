"""Files made from code: dashboards, and a configuration to start from."""
