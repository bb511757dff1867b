"""The ledger of one partition: what its sessions have contributed since the last flush.

What a session has contributed so far follows from its state alone (:mod:`stream.core.vocabulary`):
events in order add the difference as it arises, everything else withdraws the whole and contributes it again.
Counters are apart from this: they see each measure of a session once, and never take anything back.
"""

from collections.abc import Iterator

from stream.core.attempt_ledger import AttemptLedger
from stream.core.definition import Definition
from stream.core.delta import NOBODY, Code, Hit
from stream.core.earning import earn
from stream.core.funnel import bits_of, reached_by_closing
from stream.core.hits import HitTable
from stream.core.labels import LabelReader
from stream.core.pages import PageReader
from stream.core.plan import Plan
from stream.core.plans import Plans
from stream.core.revenue import Money
from stream.core.session import Session
from stream.core.sightings import Handed, Sightings
from stream.core.taken import Taken
from stream.core.takings import Takings, hand_on
from stream.core.vocabulary import Vocabulary


class Ledger:
    """Sums of contributions, and the line before which sessions are closed.

    Attributes:
        labels: Reads and numbers labels.
        pages: Reads and numbers pages.
        closed_until: Sessions whose last event + timeout is before this are closed, ms.
        open_sessions: How many are not closed.
        attempts: The ledger of attempts across sessions.
    """

    def __init__(self, definition: Definition, plans: Plans, *, tallies: bool = True) -> None:
        """Begin; ``tallies`` are contributed only if they are wanted."""
        self.labels = LabelReader(definition.dimensions)
        self.pages = PageReader(definition.pages)
        self.closed_until = 0
        self.open_sessions = 0
        self._words = Vocabulary(plans, self.pages.names)
        self._timeout = definition.times.timeout
        self._hits = HitTable(definition.times.pane)
        self._corrections = HitTable(definition.times.pane)
        self._sightings = Sightings()
        self._takings = Takings(plans, self._words, self.labels, self._corrections, self._sightings)
        tables = (self._hits, self._corrections)
        self.attempts = AttemptLedger(
            self._words, self.labels, tables, self._sightings, self._takings, tallies=tallies
        )
        self._started = 1 << plans.started
        self._goals = plans.goal_bits if tallies else 0
        self._tallies = tallies
        self._plans = plans

    def is_closed(self, session: Session) -> bool:
        """Whether the watermark has passed the session's last event + timeout."""
        return session.last + self._timeout < self.closed_until

    def began(self, session: Session) -> None:
        """Contribute an open session of which nothing has been contributed yet."""
        self.open_sessions += 1
        mask = bits_of(session.reached)
        session.counted = self._started | mask
        combination = self._combination(session)
        self._hits.add(self._words.gain(mask), session, combination, 1)
        if mask & self._goals:
            self._corrections.add_timed(self._words.conversions.of(session, mask), combination, 1)
        if session.revenue is not None:
            self._takings.contribute(session, session.revenue, combination, 1)
            self._takings.count(session.revenue, combination)

    def reached(self, session: Session, measures: list[int]) -> None:
        """Contribute measures that an open session has just reached, in order."""
        counted, combination = session.counted, self._combination(session)
        for measure in measures:
            table = self._corrections if counted >> measure & 1 else self._hits
            table.add(self._words.gains[measure], session, combination, 1)
            counted |= 1 << measure
            if self._goals >> measure & 1:
                self._corrections.add_timed(self._words.conversions.of(session, 1 << measure), combination, 1)
        session.counted = counted

    def paid(self, session: Session, plan: Plan, money: Money) -> None:
        """Let an open session, which has contributed what it was, have the money of an event."""
        combination = self._combination(session)
        if session.revenue is not None:
            self._takings.contribute(session, session.revenue, combination, -1)
        earn(session, self._plans, plan, money)
        if session.revenue is not None:
            self._takings.contribute(session, session.revenue, combination, 1)
            self._takings.count(session.revenue, combination)

    def closed(self, session: Session) -> None:
        """Contribute that a session ended, and how: what it has not reached it will not."""
        self.open_sessions -= 1
        facts, combination = reached_by_closing(session, self._plans), self._combination(session)
        for measure in self._words.at_the_end:
            if facts >> measure & 1:
                table = self._corrections if session.counted >> measure & 1 else self._hits
                table.add(self._words.gains[measure], session, combination, 1)
        mask = bits_of(session.reached) | facts
        self._hits.add(self._words.leave(mask), session, combination, 1)
        if self._tallies:
            self._contribute_ending(session, mask, combination, self._hits, 1)

    def withdraw(self, session: Session) -> None:
        """Take back everything that a session has contributed."""
        self.open_sessions -= not self.is_closed(session)
        self._contribute(session, -1)

    def hand_on(self, old: Session, heirs: list[Session]) -> list[Handed]:
        """Let those that a withdrawn session became know what counters saw of it: each thing one of them.

        Args:
            old: The session as it was.
            heirs: The sessions that its events are in now, in order of time; at least one.

        Returns:
            What each of them got.
        """
        seen = old.counted | self._facts_if_closed(old)
        given = []
        for heir in heirs:
            wants = self._started | self._mask(heir)
            got = seen if heir is old else seen & wants & ~heir.counted
            heir.counted |= got
            seen &= ~got
            given.append(got)
        heirs[0].counted |= seen
        given[0] |= seen
        return [Handed(old, got, revenue) for got, revenue in zip(given, hand_on(old, heirs), strict=True)]

    def contribute(self, session: Session, before: list[Handed]) -> None:
        """Contribute a session as it is now.

        Args:
            session: The session.
            before: Those that it was until now, withdrawn, and what each handed on to it.
        """
        self.open_sessions += not self.is_closed(session)
        self._contribute(session, 1)
        combination = self._combination(session)
        for bit, codes in self._countable(session):
            if session.counted & bit:
                old = next(handed.old for handed in before if handed.bits & bit)
                self._sight(combination, codes, self._combination(old))
            else:
                session.counted |= bit
                self._sight(combination, codes, NOBODY)
        self._takings.see(session, combination, before)

    def relabel(self, session: Session, labels: tuple[str, ...], returning: bool, earlier: int) -> None:
        """Change a session's labels, or how many came earlier, and move what it has contributed."""
        before = self._combination(session)
        self._contribute(session, -1)
        session.labels = labels
        session.returning, session.earlier = returning, earlier
        self._contribute(session, 1)
        seen = session.counted | self._facts_if_closed(session)
        combination = self._combination(session)
        for bit, codes in self._countable(session):
            if seen & bit:
                self._sight(combination, codes, before)
        if session.revenue is not None:
            self._takings.count_again(session.revenue.counted, combination, before)

    def _combination(self, session: Session) -> int:
        return self.labels.number(session.labels, session.returning)

    def _countable(self, session: Session) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield what counters see of a session: its bit, and the codes that move them.

        What it had once reached, before it was computed again, too: it may reach that again, and has to have
        been seen under its labels by then.
        """
        wanted = session.counted | self._mask(session) | self._started
        for measure, codes in enumerate(self._words.counted):
            if wanted >> measure & 1:
                yield 1 << measure, codes

    def _sight(self, combination: int, codes: tuple[int, ...], before: int) -> None:
        for code in codes:
            self._sightings.add(combination, code, before)

    def _contribute(self, session: Session, times: int) -> None:
        mask, combination = self._mask(session), self._combination(session)
        self._corrections.add(self._words.gain(mask), session, combination, times)
        if mask & self._goals:
            self._corrections.add_timed(self._words.conversions.of(session, mask), combination, times)
        revenue = session.revenue
        if revenue is not None:
            self._takings.contribute(session, revenue, combination, times)
        if self.is_closed(session):
            self._corrections.add(self._words.leave(mask), session, combination, times)
            if self._tallies:
                self._contribute_ending(session, mask, combination, self._corrections, times)

    def _contribute_ending(
        self, session: Session, mask: int, combination: int, table: HitTable, times: int
    ) -> None:
        """Contribute to tallies what a closed session has been, which reached the measures of ``mask``."""
        amounts = self._words.endings.of(session, mask)
        if session.revenue is not None:
            amounts += self._takings.of_session(session.revenue)
        table.add_amounts(amounts, session.first, combination, times)
        self._words.delays.contribute(session, mask, table, times)
        if session.page:
            self._words.leavings.contribute(session, mask, table, times)

    def _facts_if_closed(self, session: Session) -> int:
        """Return the bits of what it has reached by closing, which is never kept: it follows from what is."""
        return reached_by_closing(session, self._plans) if self.is_closed(session) else 0

    def _mask(self, session: Session) -> int:
        """Return the bits of all measures that a session has reached as it is now."""
        return bits_of(session.reached) | self._facts_if_closed(session)

    def sizes(self) -> tuple[int, int, int]:
        """Return how many sums of hits, of corrections, of sightings were begun since the last flush."""
        return len(self._hits), len(self._corrections), len(self._sightings)

    def begun(self) -> tuple[list[Hit], list[Hit], list[tuple[int, int]]]:
        """Return these sums in the order in which they were begun, by numbers of this ledger.

        Of sightings there are only the labels, and those before.
        """
        return self._hits.items(), self._corrections.items(), self._sightings.labels()

    def meaning(self, code: int) -> Code:
        """Return what the number of a code stands for."""
        return self._words.codes[code]

    def take(self) -> Taken:
        """Return what was contributed since the last time, renumbered to what it uses, and begin anew."""
        combinations: dict[int, int] = {}
        codes: dict[int, int] = {}
        hits = self._hits.take(combinations, codes)
        corrections = self._corrections.take(combinations, codes)
        taken = Taken(hits, corrections, self._sightings.take(combinations, codes))
        taken.labels = [self.labels.combinations[number] for number in combinations]
        taken.said = [self.labels.said[number] for number in combinations]
        taken.codes = [self._words.codes[number] for number in codes]
        self.labels.forget()
        return taken
