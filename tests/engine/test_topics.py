import pytest

from stream.engine.topics import CHANGELOG_CONFIG, TopicPlan, TopicSpec, TopicsRefusedError

GROUPS = {
    "sessions": ("events", "commands", "g-sessions-changelog"),
    "rates": ("counts", "g-rates-changelog"),
}


def plan(*specs: TopicSpec) -> TopicPlan:
    """Return a plan of two topologies, with a default of 6 partitions."""
    return TopicPlan(
        GROUPS,
        {spec.name: spec for spec in specs},
        frozenset({"g-sessions-changelog", "g-rates-changelog"}),
        default_partitions=6,
    )


def made(plan: TopicPlan, existing: dict[str, int]) -> dict[str, int]:
    """Return what is made, with how many partitions."""
    return {topic.name: topic.num_partitions for topic in plan.missing(existing)}


def test_where_nothing_exists_all_topics_are_made() -> None:
    """Groups get the number that a spec of one of them says, else the default; other topics their own."""
    specs = (TopicSpec("counts", 1), TopicSpec("results", 3))

    assert made(plan(*specs), {}) == {
        "events": 6,
        "commands": 6,
        "g-sessions-changelog": 6,
        "counts": 1,
        "g-rates-changelog": 1,
        "results": 3,
    }


def test_what_exists_decides_for_those_that_go_with_it() -> None:
    """Missing topics of a group get the partitions of those that exist, whatever specs and default say."""
    existing = {"events": 4, "counts": 1, "g-rates-changelog": 1}

    assert made(plan(TopicSpec("commands", 2)), existing) == {"commands": 4, "g-sessions-changelog": 4}


def test_inputs_with_other_counts_are_refused_by_name_and_count() -> None:
    """Topics of one topology that differ cannot be given to the same workers."""
    with pytest.raises(TopicsRefusedError, match=r"'sessions'.*events has 4, commands has 3") as refused:
        plan().missing({"events": 4, "commands": 3})
    assert "same number of partitions" in str(refused.value)


def test_a_changelog_with_another_count_is_refused() -> None:
    """State of 8 partitions cannot be continued with 4."""
    with pytest.raises(TopicsRefusedError, match=r"events has 4, g-sessions-changelog has 8"):
        plan().missing({"events": 4, "g-sessions-changelog": 8})


def test_changelogs_are_compacted_and_other_topics_are_as_their_spec_says() -> None:
    """Changelogs get the engine's configuration, others their own or the broker's defaults."""
    new = {topic.name: topic for topic in plan(TopicSpec("events", config={"retention.ms": "1"})).missing({})}

    assert new["g-rates-changelog"].topic_configs == dict(CHANGELOG_CONFIG)
    assert new["events"].topic_configs == {"retention.ms": "1"}
    assert new["commands"].topic_configs == {}
    assert new["commands"].replication_factor == -1, "the broker's default"
