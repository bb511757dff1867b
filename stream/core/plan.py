"""What one kind of event does to what is measured, in the form that is looked up for each event.

All measures are numbered: funnel steps first, then micro-conversions, in the order of the configuration, and
last the facts about sessions. A *group* is the set of measures that share a base, and so share the sessions
that are relevant to them.
"""

from dataclasses import dataclass
from typing import Final

NO_TIME: Final = -1
"""Instead of a measure: the session's start; and a chain that does not exist."""

LAST_TIME: Final = -2
"""Instead of a measure: the session's last event."""

PAGE_VIEW: Final = "page_view"
"""The name of events that are page views."""

SEEN: Final = ("view_item_list", "view_promotion")
"""The names of events that show a list or a promotion."""

CLICKED: Final = ("select_item", "select_promotion")
"""The names of events by which something of these is chosen."""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """How one step may be reached.

    ``sources`` are the steps that a chain may come from: the one before, and those further back over optional
    steps; empty for a funnel's first step. ``leads_on``: another step may come from this one. ``strict``: the
    chain's event before must be the session's event before.
    """

    measure: int
    funnel: int
    sources: tuple[int, ...]
    within: int
    own_within: int
    first_entry_only: bool
    leads_on: bool
    strict: bool


@dataclass(frozen=True, slots=True)
class AnyOrderPlan:
    """An unordered funnel: its number and first measure, how far apart events may be, which are optional."""

    funnel: int
    first: int
    within: int
    optional: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class JourneyPlan:
    """A funnel that runs across sessions: its number, its last measure, its ``within`` (ms).

    ``macro`` is the measure of its macro step (``NO_TIME``: it has none).
    """

    funnel: int
    last: int
    within: int
    macro: int


@dataclass(frozen=True, slots=True)
class Goal:
    """A macro step: the name and the number of its funnel, and its measure."""

    funnel: str
    number: int
    measure: int


@dataclass(frozen=True, slots=True)
class MicroPlan:
    """A secondary action and the measure that it is of (``NO_TIME``: of the session)."""

    measure: int
    base: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What one kind of event does.

    Attributes:
        mask: The bits of the measures that it matches; none: it is no step event.
        funnels: For each ordered or strict funnel concerned its steps, highest first: no event fills two
            steps of a chain.
        steps: All of these, in that order.
        any_order: The unordered funnels concerned, each with the bits of its steps, from the first on.
        micros: Secondary actions.
        ends: Steps whose chains it ends.
        is_page_view: Whether it is one.
        is_seen: Whether it shows a list or a promotion.
        is_clicked: Whether something of these is chosen by it.
        is_step: Whether it does anything but being one of these.
        journey: As ``funnels``, of funnels that run across sessions.
        journey_ends: As ``ends``, of those, each with the funnel.
        macros: The macro measures whose steps it matches: its money is their revenue, once they are reached.
        journey_macros: As ``macros``, of those.
    """

    mask: int
    funnels: tuple[tuple[StepPlan, ...], ...]
    steps: tuple[StepPlan, ...]
    any_order: tuple[tuple[AnyOrderPlan, int], ...]
    micros: tuple[MicroPlan, ...]
    ends: tuple[int, ...]
    is_page_view: bool
    is_seen: bool
    is_clicked: bool
    is_step: bool
    journey: tuple[tuple[StepPlan, ...], ...]
    journey_ends: tuple[tuple[int, int], ...]
    macros: tuple[int, ...]
    journey_macros: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Measures with one base: a funnel, what is of the session, or the micro-conversions of one measure.

    ``base`` is the measure that makes a session relevant (``NO_TIME``: the session itself); ``itself`` is the
    measure of this group that is reached by being relevant: a funnel's first step, ``session.started``.
    """

    name: str
    base: int
    members: tuple[int, ...]
    itself: int
