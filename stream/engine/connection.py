"""How to reach the brokers: one description for Faust and for plain aiokafka clients."""

from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any

import faust
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth


@dataclass(frozen=True, slots=True)
class Security:
    """TLS and SASL, as far as wanted.

    Attributes:
        mechanism: SASL mechanism: ``PLAIN``, ``SCRAM-SHA-256``, ``SCRAM-SHA-512``; ``None`` for no SASL.
        username: SASL user.
        password: SASL password.
        tls: The TLS context; ``None`` for plain text.
    """

    mechanism: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: SSLContext | None = None

    def credentials(self) -> Any:
        """Return Faust's form of it (``None`` when nothing is wanted)."""
        if self.mechanism is not None:
            return faust.SASLCredentials(
                mechanism=self.mechanism,
                username=self.username,
                password=self.password,
                ssl_context=self.tls,
            )
        return faust.SSLCredentials(self.tls) if self.tls is not None else None


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the brokers are, who we are there, and what they can do.

    Attributes:
        brokers: ``host:port`` of some brokers of the cluster.
        group: Consumer group, and prefix of all internal topics and transactional ids.
        security: TLS and SASL.
        instance_id: Static membership (``group.instance.id``): a restart within the session timeout takes its
            partitions back without a rebalance. Empty for none. It must differ between workers.
        transactions: Whether the brokers have transactions (Apache Kafka: yes; embedded Tansu: no).
        session_timeout_s: After how long without heartbeats a worker's partitions go to others, seconds.
        heartbeat_s: Time between heartbeats, seconds; also how soon a worker learns of a rebalance.
    """

    brokers: tuple[str, ...]
    group: str
    security: Security = Security()
    instance_id: str = ""
    transactions: bool = True
    session_timeout_s: float = 6.0
    heartbeat_s: float = 0.3

    def client_options(self, client: str) -> dict[str, Any]:
        """Return the arguments that every aiokafka client of this engine is made with.

        Args:
            client: What it is for; becomes part of its client id.
        """
        return {
            "bootstrap_servers": list(self.brokers),
            "client_id": f"{self.group}-{client}",
            **credentials_to_aiokafka_auth(self.security.credentials(), None),
        }

    @property
    def isolation_level(self) -> str:
        """Which records readers see: those of committed transactions, where there are transactions."""
        return "read_committed" if self.transactions else "read_uncommitted"
