"""The state engine: exact partition state on Faust and Kafka, and the only room that knows their insides.

Start reading at `builder` (what a caller sees), then `api` (what a topology sees), then `table`.
"""

from stream.engine.builder import Engine
from stream.engine.connection import Connection, Security
from stream.engine.topics import TopicSpec

__all__ = ["Connection", "Engine", "Security", "TopicSpec"]
