"""A broker and a store from wheels, for the demo and for trying things: no Kafka, Redis or Docker needed."""

from stream.embedded.broker import EmbeddedBroker
from stream.embedded.process import StartError, free_port
from stream.embedded.server import NotInstalledError
from stream.embedded.store import EmbeddedStore

__all__ = ["EmbeddedBroker", "EmbeddedStore", "NotInstalledError", "StartError", "free_port"]
