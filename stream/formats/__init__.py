"""Formats of events: each makes canonical events of records, or says why it cannot."""
