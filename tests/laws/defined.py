"""What the law is tried on: a definition full of rules."""

from dataclasses import replace

from stream.core.definition import (
    Condition,
    Definition,
    Dimension,
    Exclusion,
    Funnel,
    Micro,
    PageGroup,
    Pages,
    Step,
    Times,
)

MINUTE = 60_000
TIMES = Times(
    timeout=5 * MINUTE,
    max_length=8 * MINUTE,
    out_of_order=10_000,
    allowed_lateness=4 * MINUTE,
    max_future=MINUTE,
    known_for=20 * MINUTE,
    engaged_after=MINUTE,
)
DEFINITION = Definition(
    funnels=(
        Funnel(
            "f",
            (
                Step("a", "a", weight=100_000),
                Step("b", "b", optional=True, within_ms=2 * MINUTE),
                Step("c", "c", optional=True),
                Step("d", "d", within_ms=3 * MINUTE, weight=333_333, macro=True),
                Step("a2", "a"),
            ),
            within_ms=6 * MINUTE,
            exclusions=(
                Exclusion("x", (), 0, 4),
                Exclusion("d", (Condition("page", ("/z",)),), 3, 4),  # a step and an exclusion
            ),
        ),
        Funnel(
            "g",
            (
                Step("b", "b"),
                Step("c", "c", where=(Condition("page", ("/x*", "/z")),)),
                Step("d", "d", macro=True),  # of funnel "f", too
            ),
            within_ms=4 * MINUTE,
            reentry="first",
        ),
        Funnel(
            "strict",
            (
                Step("a", "a"),
                Step("b", "b", optional=True, within_ms=MINUTE),
                Step("c", "c"),
                Step("a2", "a", macro=True),
            ),
            within_ms=4 * MINUTE,
            order="strict",
            exclusions=(Exclusion("c", (Condition("value", ("< 10",)),), 2, 3),),
        ),
        Funnel(
            "unordered",
            (
                Step("d", "d"),
                Step("c", "c", optional=True),
                Step("d2", "d", macro=True),
                Step("e", "e", where=(Condition("props.n", ("> 10 <= 20", "5")),)),
            ),
            within_ms=3 * MINUTE,
            order="unordered",
        ),
        Funnel(
            "journey",
            (
                Step("a", "a"),
                Step("b", "b", optional=True, within_ms=6 * MINUTE),
                Step("d", "d", macro=True),
            ),
            within_ms=12 * MINUTE,  # longer than a session's timeout, and its greatest length
            exclusions=(Exclusion("x", (), 0, 2),),
            scope="visitor",
        ),
        Funnel(
            "again",
            (Step("a", "a"), Step("b", "b", optional=True), Step("c", "c", macro=True), Step("a2", "a")),
            within_ms=2 * MINUTE,
            reentry="first",
            exclusions=(Exclusion("c", (Condition("value", ("< 10",)),), 2, 3),),
            scope="visitor",
        ),
    ),
    micros=(
        Micro("any", "d", where=(Condition("page", ("", "/y")),), weight=7_000_000),
        Micro("of", "c", of="f.b"),
        Micro("ofof", "e", of="micro.any"),
        Micro("dear", "d", where=(Condition("value", (">= 9.5 < 20",)),), of="unordered.c"),
    ),
    dimensions=(
        Dimension("device", "device", ("mobile", "desktop"), 5),
        Dimension("user_type", "user_type", ("new", "returning"), 5),
        Dimension("both", cross=("device", "user_type")),
        Dimension("channel", "channel", ("Direct", "Email")),
    ),
    times=TIMES,
)
CROWDED = replace(
    DEFINITION,
    dimensions=(
        *DEFINITION.dimensions,
        Dimension("plan", "props.plan", (), 1),  # a partition tells four apart, the owner of the rates one
        Dimension("where_from", cross=("plan", "device"), max_values=30),
    ),
    pages=Pages((PageGroup("shop", ("/x*", "/p")), PageGroup("z", ("/z", "/a/[n]"))), max_values=2),
)
"""The same with a dimension that overflows, and with pages, which do so at some sites."""
