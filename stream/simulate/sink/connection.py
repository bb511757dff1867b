"""How Kafka clients are made from the configuration, and an events topic where there is none."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from aiokafka.helpers import create_ssl_context

from stream.sections import Auth

Client = Mapping[str, Any]
"""Arguments for any aiokafka client beside the brokers: who logs in, and how."""


def client_of(auth: Auth) -> Client:
    """Return the arguments for a way of logging in.

    Raises:
        OSError: A file that it names cannot be read.
    """
    client: dict[str, Any] = {"security_protocol": "SSL" if auth.tls else "PLAINTEXT"}
    if auth.tls:
        files = (auth.ca_file or None, auth.cert_file or None, auth.key_file or None)
        client["ssl_context"] = create_ssl_context(cafile=files[0], certfile=files[1], keyfile=files[2])
    if auth.mechanism:
        password = Path(auth.password_file).read_text().rstrip("\n") if auth.password_file else auth.password
        client["security_protocol"] = "SASL_SSL" if auth.tls else "SASL_PLAINTEXT"
        client["sasl_mechanism"] = auth.mechanism
        client["sasl_plain_username"] = auth.username
        client["sasl_plain_password"] = password
    return client


async def ensure_topic(
    brokers: str,
    topic: str,
    partitions: int,
    replication: int = -1,
    *,
    config: Mapping[str, str] | None = None,
    client: Client | None = None,
) -> bool:
    """Create a topic unless it exists; tell whether it was created.

    Args:
        brokers: Brokers to start from, ``host:port``, comma separated.
        topic: The topic.
        partitions: Its partitions, if it has to be created.
        replication: Its replicas then; -1: as many as the broker does by itself.
        config: Its settings then.
        client: How to log in.

    Raises:
        KafkaError: The brokers cannot be reached, or refuse.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers, **(client or {}))
    try:
        await admin.start()
        # All of them: to ask for one by name would make some brokers create it, in their own way.
        if topic in await admin.list_topics():
            return False
        wanted = NewTopic(topic, partitions, 1, topic_configs=dict(config or {}))
        wanted.replication_factor = replication  # its constructor refuses -1
        answer = await admin.create_topics([wanted])
        for _, code, *message in answer.topic_errors:
            refusal: type[KafkaError] = for_code(code)
            if code and refusal is not TopicAlreadyExistsError:  # that one: somebody else was quicker
                raise refusal(f"topic {topic}: {' '.join(map(str, message))}")
        return True
    finally:
        await admin.close()
