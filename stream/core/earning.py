"""Earning: the money of events that match a macro step becomes revenue of who has reached it.

The log keeps it beside the events, by what tells them apart. Events that nothing tells apart (one came again
by a topic that was behind, and was no duplicate any more) take what there is one by one.
"""

from collections.abc import Sequence

from stream.core.plan import Plan
from stream.core.plans import Plans
from stream.core.revenue import Money, Revenue, account_of, add_to
from stream.core.session import Session
from stream.core.visitor import Group, Journey

Log = Group | Journey
"""What has a log of events."""

PaidBy = dict[int, Money]
"""Money by the event's number in the log."""


def keep(log: Log, time: int, event_id: str, kind: int, money: Money) -> None:
    """Keep the money of an event of a kind that is put into a log."""
    if log.paid is None:
        log.paid = []
    log.paid.append((time, event_id, kind, money[0], money[1]))


def paid_by(log: Log, kinds: Sequence[int]) -> PaidBy | None:
    """Return the money in a log by its events, of which ``kinds`` are the kinds; ``None``: there is none."""
    if log.paid is None:
        return None
    left: dict[tuple[int, str, int], list[Money]] = {}
    for time, event_id, kind, currency, millionths in log.paid:
        left.setdefault((time, event_id, kind), []).append((currency, millionths))
    found: PaidBy = {}
    for i, event in enumerate(zip(log.times, log.ids, kinds, strict=True)):
        if moneys := left.get(event):
            found[i] = moneys.pop(0)
    return found


def forget_paid(log: Log, horizon: int) -> None:
    """Drop the money of events before ``horizon`` (ms), which the log no longer has."""
    if log.paid is not None:
        log.paid = [paid for paid in log.paid if paid[0] >= horizon] or None


def earn(session: Session, plans: Plans, plan: Plan, money: Money) -> None:
    """Let a session have the money of an event that it has taken, where its macro step has been reached.

    The session as a whole has it once, however many funnels have.
    """
    earned = False
    for measure in plan.macros:
        if measure in session.reached:
            book(session, measure, money)
            earned = True
    if earned:
        book(session, plans.started, money)


def book(session: Session, measure: int, money: Money) -> None:
    """Add money to what a session, or an attempt across sessions, brought by a measure."""
    revenue = session.revenue
    if revenue is None:
        revenue = session.revenue = Revenue({}, {})
    add_to(revenue.amounts, account_of(measure, money[0]), money[1])
