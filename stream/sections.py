"""The sections of the configuration: every key with its default and meaning at its definition.

Durations are kept in ms. What a definition says is also what ``microconv init`` and the reference pages say.
"""

from typing import Literal

from pydantic import Field, model_validator

from stream.core.bucket import HOUR, level_of
from stream.kinds import Duration, Frequency, Name, Paths, Section, Share
from stream.units import duration_ms, duration_text, per_ms


class Auth(Section):
    """How to log in to Kafka."""

    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        None, description="SASL mechanism", examples=["SCRAM-SHA-512"]
    )
    username: str = Field("", description="SASL user")
    password: str = Field("", description="SASL password; better in a file")
    password_file: str = Field("", description="file that holds the SASL password")
    tls: bool = Field(False, description="encrypt the connection")
    ca_file: str = Field("", description="certificates to trust, PEM; empty: the system's")
    cert_file: str = Field("", description="client certificate, PEM")
    key_file: str = Field("", description="key of the client certificate, PEM")


class Kafka(Section):
    """Where events come from and results go to."""

    brokers: str = Field("localhost:9092", description="brokers to start from, host:port, comma separated")
    auth: Auth = Field(Auth(), description="how to log in")
    events: list[str] = Field(["site-events"], min_length=1, description="topics to read")
    format: Literal["auto", "canonical"] = Field(
        "auto", description="event format; canonical is the only one so far"
    )
    keyed_by: Literal["visitor", "none"] = Field(
        "visitor", description="visitor: the topics are keyed by visitor; none: they are repartitioned first"
    )
    group: str = Field(
        "microconv", pattern=r"^[A-Za-z0-9._-]+$", description="consumer group and prefix of internal topics"
    )
    instance_id: str = Field(
        "", description="static membership: a name of its own for each worker; quick restarts"
    )
    topic_prefix: str = Field("", description="put before the names of all topics that are written")
    partitions: int = Field(
        8,
        ge=1,
        description="partitions of an events topic that is missing and created, and of the one by visitor",
    )
    replication: int = Field(-1, description="replicas of topics that are created; -1: the broker's default")
    transactions: bool = Field(
        True, description="one transaction a flush; false for brokers without: frozen workers are not fenced"
    )


class Redis(Section):
    """Where live values are written."""

    url: str = Field("redis://localhost:6379/0", description="redis:// or rediss:// (TLS)")
    prefix: str = Field("mc", pattern=r"^[A-Za-z0-9._-]+$", description="first part of every key")
    history: Duration = Field(duration_ms("8d"), description="how long closed minutes are kept")


class Web(Section):
    """The worker's own pages."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(
        6066, ge=0, le=65535, description="port of /metrics, /health and /ready; 0: any free one"
    )


class Sessions(Section):
    """When a visit ends."""

    timeout: Duration = Field(duration_ms("30m"), description="a longer gap begins a new session")
    max_length: Duration = Field(duration_ms("24h"), description="a session is cut when it gets longer")
    engaged_after: Duration = Field(duration_ms("10s"), description="a longer session counts as engaged")


class Time(Section):
    """How much disorder is put right."""

    out_of_order: Duration = Field(duration_ms("10s"), description="watermark = newest event time - this")
    allowed_lateness: Duration = Field(
        duration_ms("10m"), description="older than newest - out_of_order - this: late, set aside"
    )
    max_future: Duration = Field(duration_ms("5m"), description="further ahead of its arrival: rejected")


class Windows(Section):
    """The windows of which rates are kept."""

    sizes: list[Duration] = Field(
        [duration_ms(s) for s in ("1m", "5m", "15m", "1h", "24h")],
        min_length=1,
        description="sliding windows",
    )
    pane: Duration = Field(duration_ms("10s"), description="step by which windows slide")

    @model_validator(mode="after")
    def _panes_fill_windows(self) -> "Windows":
        if 60_000 % self.pane:
            raise ValueError("pane: a divisor of one minute, such as 10s")
        if bad := [s for s in self.sizes if s % 60_000]:
            raise ValueError(f"sizes: whole minutes, not {bad[0]} ms")
        if bad := [s for s in self.sizes if level_of(s) == 2 and s % HOUR]:
            raise ValueError(f"sizes: whole hours if longer than 8d, not {duration_text(bad[0])}")
        return self


class Visitors(Section):
    """Who is new."""

    known_for: Duration = Field(duration_ms("30d"), description="how long somebody counts as returning")


class Pages(Section):
    """Which pages are told apart: where people stay, and where they leave."""

    groups: Paths = Field(
        {},
        description="pages that count as one, by name: paths, equal or as globs; the first that fits counts",
        examples=[{"product": "/p/*", "checkout": ["/cart", "/checkout/*"]}],
    )
    max_values: int = Field(
        100, ge=1, le=10_000, description="other pages told apart, by path; the rest is `__other__`"
    )


class Dimension(Section):
    """A label of sessions; each value (and each declared cross) is a segment."""

    field: str = Field("", description="field of the event, or props.NAME; default: the dimension's name")
    values: list[str] = Field([], description="values that are always counted exactly")
    max_values: int = Field(20, ge=1, description="other values told apart; the rest is `__other__`")
    cross: list[str] = Field([], description="instead of a field: dimensions whose values are combined")


class Audience(Section):
    """Visitors to win back."""

    name: Name = Field(description="its name", examples=["lost"])
    entered: str = Field(description="the measure that brings a visitor in")
    without: str = Field("", description="the measure that takes a visitor out; empty: none")
    quiet_for: Duration | None = Field(
        None, description="silence since the last event before one enters", examples=[duration_ms("30m")]
    )
    keep_for: Duration = Field(duration_ms("7d"), description="how long one stays at most")


class Alert(Section):
    """Rates to watch for falls."""

    name: str = Field(min_length=1, description="its name", examples=["falls"])
    watch: list[str] = Field(min_length=1, description="measures; `funnel.*` means all of a funnel")
    segments: list[str] = Field(["all"], description="`all`, dimensions, or segments such as `device=mobile`")
    drop: Share = Field(0.3, description="the relative fall that matters")
    false_alarms: Frequency = Field(
        per_ms("1/month"), description="how often it may be wrong, over everything that it watches"
    )


class Notify(Section):
    """Whom to tell."""

    url: str = Field(
        pattern=r"^https?://", description="where to", examples=["http://localhost:9093/api/v2/alerts"]
    )
    kind: Literal["alertmanager", "webhook", "slack"] = Field("alertmanager", description="who is there")
