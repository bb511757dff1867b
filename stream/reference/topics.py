"""The page of the Kafka topics: what is read, what is written, what is nobody else's."""

from stream.agents.aside import HEADERS, LATE_HEADERS
from stream.core.closed import ROW_FIELDS
from stream.core.event import EVENT_FIELDS, REASON_MEANINGS
from stream.engine.topics import TopicSpec
from stream.reference.markdown import code, fields, page, table
from stream.settings import Settings
from stream.units import duration_text
from stream.wiring import BY_VISITOR, HISTORY, LATE, RATES, REJECTED, REPARTITION, Topics


def topics() -> str:
    """Return the page."""
    names = _default_topics()
    specs = {spec.name: spec for spec in names.specs(-1)}
    intro = """
Missing topics are made. `kafka.topic_prefix` goes before the names of those that are written; `{group}` is
`kafka.group`.
"""
    written = table(
        ("topic", "holds", "key", "value", "is made with"),
        (
            (code(topic.name), topic.holds, topic.key, topic.value, _made(specs[topic.name]))
            for topic in (RATES, HISTORY, REJECTED, LATE)
        ),
    )
    read_committed = """
Read them with `isolation.level=read_committed`: what a worker had written when it died does not count without
its commit.
"""
    late = next(field.name for field in LATE_HEADERS if field not in HEADERS)
    internal = ", ".join(map(code, names.internal))
    by_visitor = next(spec for spec in _default_topics("none").specs(-1) if spec.name == names.by_visitor)
    return page(
        "Kafka topics",
        intro,
        f"## Read: {', '.join(map(code, names.events))} (`kafka.events`)",
        "A JSON object a record, the Kafka key its visitor (where `kafka.keyed_by` is `none`: any key, or "
        "none). Other fields are let pass and not read.",
        fields(EVENT_FIELDS),
        "## Written",
        written,
        read_committed,
        f"## `{RATES.name}` and `{HISTORY.name}`",
        fields(ROW_FIELDS),
        f"## `{REJECTED.name}` and `{LATE.name}`",
        f"The record as it was read, with headers; `{late}` in `{LATE.name}` only.",
        fields(LATE_HEADERS),
        table(
            ("reason", "the record was rejected because"),
            ((code(reason), text) for reason, text in REASON_MEANINGS.items()),
        ),
        "## Internal",
        f"{internal} are nobody else's: what is in them may change with any version.",
        f"Where `kafka.keyed_by` is `none` there are also {code(names.by_visitor)}, to which each record is "
        "forwarded byte for byte by its visitor, behind a head that says where it was read "
        f"({_made(by_visitor)}), and for each topic of events "
        f"{code(f'{{group}}-{REPARTITION}-TOPIC-changelog')}. {code(REJECTED.name)} and {code(LATE.name)} "
        f"then have as many partitions as {code(names.by_visitor)}.",
    )


def _default_topics(keyed_by: str = "visitor") -> Topics:
    """Return the names of an otherwise empty configuration, with its group by name."""
    settings = Settings.model_validate({"micro": [{"name": "any", "event": "any"}]})
    kafka = settings.kafka.model_copy(update={"group": "{group}", "keyed_by": keyed_by})
    return Topics(settings.model_copy(update={"kafka": kafka}))


def _made(spec: TopicSpec) -> str:
    """Return the partitions and the policy of a topic that is made."""
    partitions = (
        "as many partitions as the events" if spec.partitions is None else f"partitions: {spec.partitions}"
    )
    if spec.name.endswith(BY_VISITOR):
        partitions = "partitions: `kafka.partitions`"
    kept = duration_text(int(spec.config["retention.ms"]))
    return f"{partitions}; {spec.config.get('cleanup.policy', 'delete')}, {kept}"
