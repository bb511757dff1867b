"""The ledger of one partition: what its sessions have contributed since the last flush.

What a session has contributed so far follows from its state alone (:mod:`stream.core.vocabulary`):
events in order add the difference as it arises, everything else withdraws the whole and contributes it again.
Counters are apart from this: they see each measure of a session once, and never take anything back.
"""

from collections.abc import Iterator

from stream.core.definition import Definition
from stream.core.delta import NOBODY, Bundle, Code, Hit, Sighting
from stream.core.funnel import bits_of, reached_by_closing
from stream.core.hits import HitTable
from stream.core.labels import LabelReader
from stream.core.plans import Plans
from stream.core.session import Session
from stream.core.vocabulary import FIRST_BUNDLE, Vocabulary


class Ledger:
    """Sums of contributions, and the line before which sessions are closed.

    Attributes:
        labels: Reads and numbers labels.
        closed_until: Sessions whose last event + timeout is before this are closed, ms.
        open_sessions: How many are not closed.
    """

    def __init__(self, definition: Definition, plans: Plans) -> None:
        self.labels = LabelReader(definition.dimensions)
        self.closed_until = 0
        self.open_sessions = 0
        self._words = Vocabulary(plans)
        self._timeout = definition.times.timeout
        self._pane = definition.times.pane
        self._hits = HitTable(definition.times.pane)
        self._corrections = HitTable(definition.times.pane)
        self._sightings: dict[tuple[int, int, int], int] = {}
        self._started = 1 << plans.started
        self._plans = plans

    def is_closed(self, session: Session) -> bool:
        """Whether the watermark has passed the session's last event + timeout."""
        return session.last + self._timeout < self.closed_until

    def began(self, session: Session) -> None:
        """Contribute an open session of which nothing has been contributed yet."""
        self.open_sessions += 1
        pane = self._pane
        until = session.first // pane * pane + pane
        mask = soon = 0
        for measure, time in session.reached.items():
            mask |= 1 << measure
            if time < until:
                soon |= 1 << measure
        session.counted = self._started | mask
        self._hits.add(self._words.begin(mask, soon), session, self._combination(session), 1)

    def reached(self, session: Session, measures: list[int]) -> None:
        """Contribute measures that an open session has just reached, in order."""
        counted = session.counted
        combination = self._combination(session)
        for measure in measures:
            table = self._corrections if counted >> measure & 1 else self._hits
            table.add(self._words.gains[measure], session, combination, 1)
            counted |= 1 << measure
        session.counted = counted

    def closed(self, session: Session) -> None:
        """Contribute that a session ended, and how: what it has not reached it will not."""
        self.open_sessions -= 1
        words, combination = self._words, self._combination(session)
        facts = reached_by_closing(session, self._plans)
        mask = bits_of(session.reached) | facts
        if again := facts & session.counted:  # it was closed before, and counters see nothing twice
            for measure in words.at_the_end:
                if again >> measure & 1:
                    self._corrections.add(words.gains[measure], session, combination, 1)
        self._hits.add(words.close(session, mask, facts & ~again), session, combination, 1)
        self._hits.add_amounts(words.endings.duration(session, mask), session, combination, 1)

    def withdraw(self, session: Session) -> None:
        """Take back everything that a session has contributed."""
        self.open_sessions -= not self.is_closed(session)
        self._contribute(session, -1)

    def hand_on(self, old: Session, heirs: list[Session]) -> list[int]:
        """Let those that a withdrawn session became know what counters saw of it: each thing one of them.

        Args:
            old: The session as it was.
            heirs: The sessions that its events are in now, in order of time; at least one.

        Returns:
            What each of them got, as bits.
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
        return given

    def contribute(self, session: Session, before: list[tuple[Session, int]]) -> None:
        """Contribute a session as it is now.

        Args:
            session: The session.
            before: Those that it was until now, withdrawn, and what each handed on to it.
        """
        self.open_sessions += not self.is_closed(session)
        self._contribute(session, 1)
        for bit, codes in self._countable(session):
            if session.counted & bit:
                old = next(old for old, given in before if given & bit)
                self._sight(session, codes, self._combination(old))
            else:
                session.counted |= bit
                self._sight(session, codes, NOBODY)

    def relabel(self, session: Session, labels: tuple[str, ...], returning: bool) -> None:
        """Change a session's labels, and move what it has contributed to them."""
        before = self._combination(session)
        self._contribute(session, -1)
        session.labels = labels
        session.returning = returning
        self._contribute(session, 1)
        seen = session.counted | self._facts_if_closed(session)
        for bit, codes in self._countable(session):
            if seen & bit:
                self._sight(session, codes, before)

    # -- attempts across sessions; their state is like a session's

    def attempt_closed(self, state: Session) -> None:
        """Contribute that an attempt ended without its last step."""
        mask = bits_of(state.reached)
        self._hits.add(self._words.leave_of_attempt(mask), state, self._combination(state), 1)

    def withdraw_attempt(self, state: Session, closed: bool) -> None:
        """Take back everything that an attempt has contributed."""
        self._contribute_attempt(state, closed, -1)

    def contribute_attempt(self, state: Session, closed: bool, before: list[tuple[Session, int]]) -> None:
        """Contribute an attempt as it is now.

        Args:
            state: Its state.
            closed: Whether it is closed.
            before: Those that it was until now, withdrawn, and what each handed on to it.
        """
        self._contribute_attempt(state, closed, 1)
        reached = state.counted = bits_of(state.reached)
        for old, given in before:
            state.counted |= given
            self._sight_all(state, given, self._combination(old))
            reached &= ~given
        self._sight_all(state, reached, NOBODY)

    def _sight_all(self, state: Session, measures: int, before: int) -> None:
        for measure, codes in enumerate(self._words.counted):
            if measures >> measure & 1:
                self._sight(state, codes, before)

    def _contribute_attempt(self, state: Session, closed: bool, times: int) -> None:
        mask, combination = bits_of(state.reached), self._combination(state)
        self._corrections.add(self._words.gain_of_attempt(mask), state, combination, times)
        if closed:
            self._corrections.add(self._words.leave_of_attempt(mask), state, combination, times)

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

    def _sight(self, session: Session, codes: tuple[int, ...], before: int) -> None:
        """Let counters of segments see what they have not seen under the combination ``before``."""
        combination = self._combination(session)
        if combination == before:
            return
        for code in codes:
            key = combination, code, before
            self._sightings[key] = self._sightings.get(key, 0) + 1

    def _contribute(self, session: Session, times: int) -> None:
        mask, combination = self._mask(session), self._combination(session)
        self._corrections.add(self._words.gain(mask), session, combination, times)
        if self.is_closed(session):
            self._corrections.add(self._words.leave(mask), session, combination, times)
            amounts = self._words.endings.of(session, mask)
            self._corrections.add_amounts(amounts, session, combination, times)

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
        seen = [(combination, before) for combination, _, before in self._sightings]
        return self._hits.items(), self._corrections.items(), seen

    def meaning(self, code: int) -> tuple[tuple[Code, int], ...]:
        """Return what the number of a code or a bundle stands for: codes, and how often each."""
        words = self._words
        if code < FIRST_BUNDLE:
            return ((words.codes[code], 1),)
        return tuple([(words.codes[part], times) for part, times in words.bundles[code - FIRST_BUNDLE]])

    def take(self) -> "Taken":
        """Return what was contributed since the last time, renumbered to what it uses, and begin anew."""
        combinations: dict[int, int] = {}
        codes: dict[int, int] = {}
        numbers: dict[int, int] = {}
        hits = self._hits.take(combinations, codes, numbers)
        corrections = self._corrections.take(combinations, codes, numbers)
        bundles: list[Bundle] = []
        for bundle in numbers:
            parts = self._words.bundles[bundle - FIRST_BUNDLE]
            bundles.append(tuple([(codes.setdefault(code, len(codes)), times) for code, times in parts]))
        sightings: list[Sighting] = []
        for (combination, code, before), times in self._sightings.items():
            number = combinations.setdefault(combination, len(combinations))
            seen = before if before == NOBODY else combinations.setdefault(before, len(combinations))
            sightings.append((number, codes.setdefault(code, len(codes)), times, seen))
        self._sightings = {}
        taken = Taken(hits, corrections, sightings)
        taken.labels = [self.labels.combinations[number] for number in combinations]
        taken.said = [self.labels.said[number] for number in combinations]
        taken.codes = [self._words.codes[number] for number in codes]
        taken.bundles = bundles
        self.labels.forget()
        self._words.forget()
        return taken


class Taken:
    """What :meth:`Ledger.take` returns; fields as in :class:`stream.core.delta.Delta`.

    ``said`` is what was said in each of ``labels``, and whether by a returning visitor.
    """

    __slots__ = ("bundles", "codes", "corrections", "hits", "labels", "said", "sightings")

    def __init__(self, hits: list[Hit], corrections: list[Hit], sightings: list[Sighting]) -> None:
        self.hits = hits
        self.corrections = corrections
        self.sightings = sightings
        self.labels: list[tuple[str, ...]] = []
        self.said: list[tuple[tuple[str, ...], bool]] = []
        self.codes: list[Code] = []
        self.bundles: list[Bundle] = []
