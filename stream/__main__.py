"""``python -m stream`` is the command ``microconv``."""

from stream.cli import main

main()
