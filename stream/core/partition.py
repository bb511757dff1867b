"""One partition's visitors: judges each event, and puts those that count into their visitors' logs.

That is all that is done for each event. What the logs have got moves sessions on when time passes: see
:mod:`stream.core.settling`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from stream.core.agent import device_of, is_bot
from stream.core.clock import NEVER, InputClock, PartitionClock
from stream.core.definition import Definition
from stream.core.earning import keep
from stream.core.event import Event, Outcome
from stream.core.journeys import Journeys
from stream.core.labels import Labels
from stream.core.ledger import Ledger
from stream.core.lifetime import Lifetimes
from stream.core.log import SCAN_LIMIT, label_number, newest_of
from stream.core.plans import Plans
from stream.core.reads import fields_read
from stream.core.revenue import NO_MONEY, Money, money_of
from stream.core.settling import Settling
from stream.core.store import VisitorStore
from stream.core.visitor import Group

BOT_STEPS: Final = 2_000
"""A session with so many step events is no person: what it does further is not counted."""

Reading = tuple[int, Labels, Money, str]
"""The kind of an event, the labels that it says, its money if it matches a macro step, and its page."""

BOT: Final[Reading] = (-1, (), NO_MONEY, "")
"""The reading of an event of which the user agent says that a program sent it."""


class Partition:
    """The sessions of one partition. Pure: events in, outcomes and a ledger of contributions out.

    Attributes:
        clock: Time, as the inputs tell it; one of its own unless given.
        visitors: All visitors that are remembered.
        ledger: What sessions contributed since the last flush.
        lifetimes: Sees to the ends of sessions.
        journeys: Attempts across sessions; ``None``: no funnel has such.
    """

    def __init__(
        self,
        definition: Definition,
        topics: tuple[str, ...],
        store: type[VisitorStore] = VisitorStore,
        clock: PartitionClock | None = None,
        *,
        tallies: bool = True,
    ) -> None:
        """Begin.

        Args:
            definition: What is measured.
            topics: The inputs.
            store: Keeps the visitors.
            clock: Time, if it is told elsewhere.
            tallies: Whether tallies are wanted, and not only the counts and the revenue of rates.
        """
        self._times = definition.times
        self._plans = Plans(definition)
        self.clock = PartitionClock(topics, self._times) if clock is None else clock
        self.visitors = store(self._plans, self._times)
        self.ledger = Ledger(definition, self._plans, tallies=tallies)
        user_type_counts = self.ledger.labels.user_type >= 0
        remembers = user_type_counts or (tallies and len(self._plans.goals) > 0)
        self.journeys = (
            Journeys(self._plans, self._times.timeout, self.ledger) if self._plans.journeys else None
        )
        self.lifetimes = Lifetimes(
            self._times, self.clock, self.visitors, self.ledger, remembers, self.journeys
        )
        self._settling = Settling(
            self._plans, self._times, self.clock, self.ledger, self.lifetimes, user_type_counts, remembers
        )
        # Looked up here once: each is used by every event.
        self._late_after = definition.times.late_after
        self._live = self.visitors.live
        self._bits = self._plans.kinds.bits
        self._kinds = self._plans.kinds.fixed
        self._paying = self._plans.paying
        self._labels = self.ledger.labels
        self._say, self._seen = self._labels.say, self._labels.seen
        self._pages = self.ledger.pages
        self._page_numbers = self._pages.numbers
        self._tallies = tallies
        self._reads_device = "device" in fields_read(definition)

    def read(self, event: Event) -> Reading:
        """Return what an event matches and says, for `judge`."""
        if event.user_agent and self._is_of_program(event):
            return BOT
        kind = self._kinds.get(event.name)
        if kind is None:
            kind = self._plans.kinds.of(event)
        money = NO_MONEY
        if event.value is not None and event.name in self._paying:
            money = self._money_of(event, kind)
        page = self._pages.said.get(event.page) if self._tallies else ""
        if page is None:
            page = self._pages.name(event.page)
        return kind, self._labels.of(event), money, page

    def judge(self, clock: InputClock, event: Event, reading: Reading | None = None) -> Outcome:
        """Take one event of the input that ``clock`` belongs to; return what became of it.

        Args:
            clock: Of the input.
            event: The event. With a ``reading`` only its time, id, visitor and session id are looked at.
            reading: What it matches and says, if that was read before.
        """
        time: int = event.time  # type: ignore[assignment] # an event is made whole before it gets here
        name: str = event.visitor_id  # type: ignore[assignment] # likewise
        event_id: str = event.event_id  # type: ignore[assignment] # likewise
        if reading is None:
            if event.user_agent and self._is_of_program(event):
                return "bot"
        elif reading[0] < 0:
            return "bot"
        sid = event.session_id or ""
        visitor = self._live.get(name)
        if visitor is None:
            visitor = self.visitors.take(name)
        group: Group | None = None
        counted_at = NEVER
        ids: dict[str, int] | None = None
        for known in visitor.groups:
            if known.sid == sid:
                group = known
            logged = known.ids
            if len(logged) > SCAN_LIMIT:
                ids = self.visitors.ids(name)
            elif event_id in logged:
                counted_at = max(counted_at, newest_of(known, event_id))
        if ids is not None:
            counted_at = ids.get(event_id, NEVER)
        if group is not None:
            sessions = group.sessions
            if (sessions[-1].steps if sessions else 0) + len(group.ids) >= BOT_STEPS:
                self._settling.settle(name, visitor)
                if self._is_bot(group, time):
                    return "bot"
        newest = clock.newest
        if newest is None:
            newest = NEVER
        if time < newest - self._late_after:
            return "late"
        if counted_at != NEVER and counted_at >= self.clock.late_everywhere():
            return "duplicate"
        if time > newest:
            clock.newest = time
        if ids is not None:
            ids[event_id] = max(time, counted_at)
        if reading is None:
            kind = self._kinds.get(event.name)
            if kind is None:
                kind = self._plans.kinds.of(event)
            # As `of` does for labels and pages, without the call: most events say what others said.
            labels = self._seen.get(self._say(event)) or self._labels.of(event)
            money = NO_MONEY
            if event.value is not None and event.name in self._paying:
                money = self._money_of(event, kind)
            number = self._page_numbers.get(event.page)
            page = self._pages.of(event.page) if number is None else number
        else:
            kind, labels, money, said = reading
            number = self._pages.by_name.get(said)
            page = self._pages.number(said) if number is None else number
        if self.journeys is not None:
            self.journeys.take(visitor, time, event_id, kind, sid, money)
        if group is None:
            group = Group(sid, None, [time], [event_id], [kind], [labels], [], [page])
            visitor.groups.append(group)
        else:
            known_labels = group.labels
            place = len(known_labels) - 1
            if place < 0 or (known_labels[place] is not labels and known_labels[place] != labels):
                place = label_number(group, labels)
            group.times.append(time)
            group.ids.append(event_id)
            group.marks.append(place << self._bits | kind)
            group.pages.append(page)
        if money and self._plans.by_kind(kind).macros:
            keep(group, time, event_id, kind, money)
        return "counted"

    def pass_time(self, now_ms: int, at_end: Mapping[str, bool]) -> None:
        """Settle what was counted, then let time pass: sessions close and are forgotten.

        Args:
            now_ms: A clock that never falls.
            at_end: Of each input, whether it is read to its end.
        """
        self.settle()
        self.clock.tick(now_ms, at_end)
        self.lifetimes.pass_time()

    def settle(self, told: Callable[[str], None] | None = None) -> None:
        """Settle what was counted; ``told`` is told of each visitor when that is done."""
        settling, live, horizon = self._settling, self._live, self.clock.horizon
        for name in list(live):
            visitor = live[name]
            settling.settle(name, visitor)
            self.visitors.settled(name, visitor, horizon)
            if told is not None:
                told(name)

    def _money_of(self, event: Event, kind: int) -> Money:
        """Return the money of an event with the name of a macro step's; it may not match that."""
        plan = self._plans.by_kind(kind)
        if plan.macros or plan.journey_macros:
            return money_of(event.value, event.currency)
        return NO_MONEY

    def _is_of_program(self, event: Event) -> bool:
        """Whether its user agent says so; an event of a person gets the device that it tells, if need be."""
        agent: str = event.user_agent  # type: ignore[assignment] # it has one
        if is_bot(agent):
            return True
        if self._reads_device and not event.device:
            event.device = device_of(agent)
        return False

    def _is_bot(self, group: Group, time: int) -> bool:
        """Whether the event falls into a session that has had its share of steps."""
        for session in group.sessions:
            if (
                session.steps >= BOT_STEPS
                and session.first - self._times.timeout <= time <= session.last + self._times.timeout
                and time - session.first <= self._times.max_length
            ):
                return True
        return False
