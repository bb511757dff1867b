"""How Kafka clients are made from the configuration, and an events topic where there is none."""

from collections.abc import Mapping
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAlreadyExistsError, for_code

from stream.login import login
from stream.sections import Auth

Client = Mapping[str, Any]
"""Arguments for any aiokafka client beside the brokers: who logs in, and how."""


def client_of(auth: Auth) -> Client:
    """Return the arguments for a way of logging in.

    Raises:
        ConfigurationError: A file that it names cannot be read.
    """
    found = login(auth)
    client: dict[str, Any] = {"security_protocol": "SSL" if found.tls else "PLAINTEXT"}
    if found.tls:
        client["ssl_context"] = found.tls
    if found.mechanism:
        client["security_protocol"] = "SASL_SSL" if found.tls else "SASL_PLAINTEXT"
        client["sasl_mechanism"] = found.mechanism
        client["sasl_plain_username"] = found.username or ""
        client["sasl_plain_password"] = found.password or ""
    return client


def complaint(brokers: str, error: KafkaError) -> str:
    """Return what is said where brokers do not answer, or refuse; aiokafka logs why they do not answer."""
    if isinstance(error, KafkaConnectionError):
        return f"Kafka at {brokers} does not answer; wanted: kafka.brokers that run"
    return f"Kafka at {brokers}: {error}"


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
