"""A session: its extent, its labels, and how far each funnel got."""

import msgspec

from stream.core.revenue import Revenue


class Session(msgspec.Struct, array_like=True, gc=False):
    """One visit. Times are ms; dictionaries are by the number of the measure: most are never reached.

    Attributes:
        first: Time of its first event.
        last: Time of its last event.
        labels: The first non-empty value of each plain dimension, in the definition's order.
        returning: Whether another session of the visitor began earlier, within ``known_for``.
        steps: How many of its events some measure is made of.
        counted: Bits of the measures (and, above them, of the session itself) that counters have seen.
        reached: When each measure that was reached was first reached.
        chains: For each funnel step that a chain leads to and that leads on, the newest such chain: the times
            of its first and of its last event.
        events: How many events were taken: all of them, where a funnel is strict.
        pages: How many page views it had.
        seen: How many of its events show a list or a promotion.
        clicked: How many choose something of these.
        trails: What else leads on. For each step of a strict funnel its newest chain: times of its first and
            of its last event, and that one's number. For each unordered funnel, by its first measure, events
            that may be of use: time, and the bits of the steps that they match. Nearly always nothing.
        revenue: What it brought, if anything.
        earlier: How many sessions of the visitor began earlier, back to where one began more than
            ``known_for`` after the one before it. Of an attempt across sessions: that of the session in which
            it reached the macro step.
        page: Number of the page that it is on; 0: it has said none.
        since: When it came there, ms.
        stays: Of pages that it has left, how long and how often it was there (:mod:`stream.core.stays`).
        origins: For each funnel step after the first that was reached, the page from which.
    """

    first: int
    last: int
    labels: tuple[str, ...]
    returning: bool
    steps: int
    counted: int
    reached: dict[int, int]
    chains: dict[int, tuple[int, int]]
    events: int
    pages: int
    seen: int
    clicked: int
    trails: dict[int, list[tuple[int, ...]]] | None
    revenue: Revenue | None = None
    earlier: int = 0
    page: int = 0
    since: int = 0
    stays: dict[int, int] | None = None
    origins: dict[int, int] | None = None

    def copy(self) -> "Session":
        """Return a session that can change without this one."""
        return Session(
            self.first,
            self.last,
            self.labels,
            self.returning,
            self.steps,
            self.counted,
            self.reached.copy(),
            self.chains.copy(),
            self.events,
            self.pages,
            self.seen,
            self.clicked,
            None if self.trails is None else self.trails.copy(),
            None if self.revenue is None else self.revenue.copy(),
            self.earlier,
            self.page,
            self.since,
            None if self.stays is None else self.stays.copy(),
            None if self.origins is None else self.origins.copy(),
        )
