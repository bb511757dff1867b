"""Takings: what the revenue of sessions contributes to the rates, and what counters see of it.

Of a macro measure it bears the time at which the measure was reached; of the session as a whole it is
contributed when that closes, with the time of its first event. It follows from the session's state alone.
Counters see of each session, and of each account, the most that it ever had: what it loses (an event found
to be of another session, a negative value) they have seen, and what it gains they see beyond that only.
"""

from collections.abc import Sequence

from stream.core.delta import NOBODY
from stream.core.hits import HitTable
from stream.core.labels import LabelReader
from stream.core.plans import Plans
from stream.core.revenue import Amounts, Revenue, accounts, add_to, amount_in, measure_of, places_of
from stream.core.session import Session
from stream.core.sightings import Handed, Sightings
from stream.core.vocabulary import Vocabulary


class Takings:
    """Contributes the revenue of the sessions of one partition."""

    def __init__(
        self,
        plans: Plans,
        words: Vocabulary,
        labels: LabelReader,
        corrections: HitTable,
        sightings: Sightings,
    ) -> None:
        self._started = plans.started
        self._words = words
        self._labels = labels
        self._corrections = corrections
        self._sightings = sightings

    def contribute(self, session: Session, revenue: Revenue, combination: int, times: int) -> None:
        """Contribute what the macro measures of a session, or an attempt, brought.

        Args:
            session: The session; it has reached them.
            revenue: What it brought.
            combination: Number of its labels.
            times: 1, or -1 to withdraw it.
        """
        for place, amount in revenue.amounts.items():
            measure = measure_of(place)
            if measure != self._started:
                amounts = [(self._words.revenue(place), amount)]
                self._corrections.add_amounts(amounts, session.reached[measure], combination, times)

    def of_session(self, revenue: Revenue) -> list[tuple[int, int]]:
        """Return what a session as a whole brought, as codes by their numbers, and how much of each."""
        return [
            (self._words.revenue(place), amount)
            for place, amount in revenue.amounts.items()
            if measure_of(place) == self._started
        ]

    def see(self, session: Session, combination: int, before: Sequence[Handed]) -> None:
        """Let counters see the revenue of a session with these labels: they saw what was handed on to it."""
        if session.revenue is not None:
            for handed in before:
                seen_as = self._labels.number(handed.old.labels, handed.old.returning)
                self.count_again(handed.revenue, combination, seen_as)
            self.count(session.revenue, combination)

    def count(self, revenue: Revenue, combination: int) -> None:
        """Let counters see what they have not seen of a session with these labels."""
        for account in accounts(revenue.amounts):
            more = amount_in(revenue.amounts, account) - amount_in(revenue.counted, account)
            if more > 0 and measure_of(account) != self._started:
                add_to(revenue.counted, account, more)
                for place, amount in places_of(account, more):
                    self._sightings.add(combination, self._words.revenue(place), NOBODY, amount)

    def count_again(self, amounts: Amounts, combination: int, before: int) -> None:
        """Let counters see amounts that they saw under the labels ``before`` under others."""
        for place, amount in amounts.items():
            self._sightings.add(combination, self._words.revenue(place), before, amount)


def hand_on(old: Session, heirs: Sequence[Session]) -> list[Amounts]:
    """Let those that a withdrawn session became know how much of it counters saw.

    Each gets as much as it brought, if so much is left, in order; what is left then goes to the first.

    Args:
        old: The session as it was.
        heirs: The sessions that its events are in now; at least one. What is itself keeps what it has.

    Returns:
        How much each of them got.
    """
    left = seen_of(old)
    given: list[Amounts] = []
    for heir in heirs:
        if heir is old:
            given.append(left)
            left = {}
        else:
            given.append(take_over(left, heir))
    if left:
        take_over(left, heirs[0], given[0], rest=True)
    return given


def seen_of(session: Session) -> Amounts:
    """Return how much counters saw of a session, to be handed on."""
    return {} if session.revenue is None else session.revenue.counted.copy()


def take_over(left: Amounts, heir: Session, got: Amounts | None = None, *, rest: bool = False) -> Amounts:
    """Let a session take over what counters saw of another: what it brought and has not got yet.

    Args:
        left: How much they saw; less then.
        heir: The session.
        got: What it took before, to be added to.
        rest: Whether it takes all, whatever it brought.

    Returns:
        What it took.
    """
    got = {} if got is None else got
    revenue = heir.revenue
    if revenue is None:
        if not rest or not left:
            return got
        revenue = heir.revenue = Revenue({}, {})
    for account in accounts(left):
        part = amount_in(left, account)
        if not rest:
            wanted = amount_in(revenue.amounts, account) - amount_in(revenue.counted, account)
            part = max(0, min(part, wanted))
        add_to(left, account, -part)
        add_to(revenue.counted, account, part)
        add_to(got, account, part)
    return got
