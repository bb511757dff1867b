"""Files for other programs, made from code: dashboards."""
