"""The demo: what it shows, what it tells at the end, and that it leaves nothing behind."""
