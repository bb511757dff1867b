"""Who is back: how many sessions of a visitor came before each, also of those that are no longer kept."""

from stream.core.clock import PartitionClock
from stream.core.definition import Times
from stream.core.ledger import Ledger
from stream.core.session import Session
from stream.core.visitor import Visitor


class Acquaintance:
    """Tells the sessions of one partition how often their visitors were there before."""

    def __init__(
        self, times: Times, clock: PartitionClock, ledger: Ledger, user_type_counts: bool, remembers: bool
    ) -> None:
        """Begin.

        Args:
            times: Says for how long a visitor is known.
            clock: Says which sessions nothing can come before any more.
            ledger: Moves contributions.
            user_type_counts: Whether new and returning visitors are told apart.
            remembers: Whether it matters at all that somebody was there.
        """
        self._times = times
        self._clock = clock
        self._ledger = ledger
        self._user_type_counts = user_type_counts
        self._remembers = remembers

    def see(self, visitor: Visitor, fresh: list[Session]) -> None:
        """Say of each session how often its visitor was there before; move contributions where that changes.

        ``fresh`` sessions have nothing contributed yet. A session that began before the horizon keeps what is
        known of it: no earlier one can turn up, and those that it was judged by may be forgotten.
        """
        if not self._remembers:
            return
        groups = visitor.groups
        if len(groups) == 1 and len(groups[0].sessions) == 1 and visitor.began < 0:
            alone = groups[0].sessions[0]  # and nothing contributed yet
            alone.returning, alone.earlier = False, 0
            return
        starts = sorted([session.first for group in groups for session in group.sessions], reverse=True)
        for group in groups:
            for session in group.sessions:
                if session.first < self._clock.horizon:
                    continue
                earlier = self._count_earlier(visitor, starts, session.first)
                returning = earlier > 0 and self._user_type_counts
                if earlier == session.earlier and returning == session.returning:
                    continue
                if any(session is other for other in fresh):
                    session.returning, session.earlier = returning, earlier
                else:
                    self._ledger.relabel(session, session.labels, returning, earlier)

    def _count_earlier(self, visitor: Visitor, starts: list[int], first: int) -> int:
        """Return how many of the visitor's sessions came before one that is not before the horizon.

        Back to a gap between two that began, one after the other, longer than ``known_for``. Sessions that
        are no longer kept all began before it; ``gone`` has those that began by the newest of them, also
        where some of these are still kept.

        Args:
            visitor: The visitor.
            starts: When the sessions that are kept began, the newest first, ms.
            first: When the one began, ms.
        """
        known_for, began = self._times.known_for, visitor.began
        earlier, next_one = 0, first
        for start in starts:
            if start >= first:
                continue
            if start < began:
                break
            if next_one - start > known_for:
                return earlier
            earlier += 1
            next_one = start
        if 0 <= began < first and next_one - began <= known_for:
            earlier += max(visitor.gone, 1)
        return earlier
