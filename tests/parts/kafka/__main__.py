"""``python -m tests.parts.kafka``: fetch Kafka's jars before the tests need them."""

import sys

from tests.parts.kafka import jars
from tests.parts.missing import MissingPartError

try:
    jars.folder()
except MissingPartError as missing:
    sys.exit(str(missing))
