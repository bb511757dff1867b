"""Labels and segments: which values are told apart, and within what bounds."""

import pytest

from stream.core.definition import Dimension
from stream.core.event import Event
from stream.core.labels import BEYOND, LABEL_LIMIT, OTHER, LabelReader
from stream.core.segment import Segments, cross_value, encode

DIMENSIONS = (
    Dimension("device", "device", ("mobile", "desktop"), 1),
    Dimension("plan", "props.plan", (), 2),
    Dimension("both", cross=("device", "plan")),
)


@pytest.mark.says("Values are cut at 100 characters")
def test_labels_are_read_from_fields_and_properties() -> None:
    """A dimension reads a field or a property, as text, cut at 100 characters."""
    reader = LabelReader(DIMENSIONS)
    assert reader.of(Event(device="x" * 300, props={"plan": 5})) == ("x" * 100, "5")
    assert reader.of(Event()) == ("", "")


def test_what_no_event_says_is_not_empty_for_some() -> None:
    """User type and channel of a session have a value also where no event says one; it takes no room."""
    reader = LabelReader((Dimension("channel", "channel", (), 1), Dimension("kind", "user_type")))
    said = reader.of(Event(source="google", medium="cpc", page="/"))
    assert said == ("Paid Search", "")
    assert reader.combinations[reader.number(said, True)] == ("Paid Search", "returning")
    assert reader.combinations[reader.number(("", "member"), False)] == ("Direct", "member")
    assert reader.forwarded == [{"Paid Search": None}, {"member": None}]


@pytest.mark.says("(a partition forwards at most four times as many)")
def test_a_partition_forwards_four_times_as_many_values() -> None:
    """Beyond that it says so, whatever comes, and for ever the same of one value."""
    reader = LabelReader(DIMENSIONS)
    for n in range(100):
        reader.number(("", f"p{n}"), False)
    values = [labels[1] for labels in reader.combinations[1:]]
    assert values == [f"p{n}" for n in range(8)] + [BEYOND] * 92
    again = LabelReader(DIMENSIONS)
    again.unpack(reader.pack())
    assert again.combinations[again.number(("", "p99"), False)][1] == BEYOND
    assert again.combinations[again.number(("", "p0"), False)][1] == "p0"


@pytest.mark.says(
    "Values listed in the configuration (`values = [...]`) are exact.",
    "Others are admitted first come, `max_values` of them globally,",
    "by the owner of the rates",
    "the rest is `__other__` and counted.",
    "Unlisted values of a dimension that overflowed are marked `partial`: lower bounds.",
)
def test_listed_values_are_exact_and_others_first_come() -> None:
    """Of others max_values are told apart; the rest is __other__, counted and partial."""
    segments = Segments(DIMENSIONS)
    assert segments.of(("mobile", "")) == ("all", "device=mobile")
    assert segments.of(("tv", "a"))[1:3] == ("device=tv", "plan=a")
    crowded = segments.of(("fridge", ""))
    assert crowded == ("all", f"device={OTHER}")
    segments.count_overflow(crowded, 2)
    assert segments.overflow["device"] == 2
    assert segments.is_partial("device=tv")
    assert segments.is_partial(f"device={OTHER}")
    assert not segments.is_partial("device=mobile")
    assert not segments.is_partial("all")
    assert segments.of(("desktop", ""))[1] == "device=desktop", "a listed value always has its place"


def test_a_cross_loses_what_a_part_has_lost() -> None:
    """A pair with a value that a partition did not tell apart is in the rest, and the others are partial."""
    segments = Segments(DIMENSIONS)
    assert segments.of(("mobile", "a"))[3] == "both=mobile/a"
    assert not segments.is_partial("both=mobile/a")
    assert segments.of(("mobile", BEYOND))[3] == f"both={OTHER}"
    assert segments.is_partial("both=mobile/a")


def test_who_sends_the_word_for_the_rest_is_not_taken_for_it() -> None:
    """A value that is called as the rest is makes no other partial, and is not counted as overflow."""
    segments = Segments(DIMENSIONS)
    segments.of(("", "pro"))
    sent = segments.of(("", OTHER))
    segments.count_overflow(sent, 1)
    assert sent == ("all", f"plan={OTHER}")
    assert not segments.is_partial("plan=pro")
    assert segments.overflow["plan"] == 0

    assert len(BEYOND) > LABEL_LIMIT, "so nobody can send it"
    beyond = segments.of(("mobile", BEYOND))
    segments.count_overflow(beyond, 1)
    assert beyond == ("all", "device=mobile", f"plan={OTHER}", f"both={OTHER}")
    assert segments.is_partial("plan=pro")
    assert segments.overflow["plan"] == 1


@pytest.mark.says("What was admitted is state.")
def test_admission_survives_a_restart() -> None:
    """What was admitted is state: it keeps its place, and newcomers find none."""
    segments = Segments(DIMENSIONS)
    segments.of(("", "a"))
    segments.of(("", "b"))
    again = Segments(DIMENSIONS)
    again.unpack(segments.pack())
    assert again.of(("", "c")) == ("all", f"plan={OTHER}")
    assert again.of(("", "a")) == ("all", "plan=a")
    third = Segments(DIMENSIONS)
    third.unpack(again.pack())
    assert third.is_partial("plan=a")
    assert f"plan={OTHER}" in third.all()


@pytest.mark.says("and percent-encoded in keys.")
def test_crosses_and_keys_are_unambiguous() -> None:
    """A slash inside a part is told from the one between parts; in keys, values are percent-encoded."""
    assert cross_value(("a/b", "c")) != cross_value(("a", "b/c"))
    assert encode("source=news|letter: a=b") == "source=news%7Cletter%3A%20a%3Db"
    assert encode("all") == "all"
