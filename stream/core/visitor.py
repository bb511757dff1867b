"""A visitor: sessions per client session id, and the log from which they can be computed again.

An event is put into its group's log; later all that the log has got moves the sessions on, or, out of order,
has them computed again from the log (:mod:`stream.core.log`). Events that no late one can precede any more
are folded into ``folded``, the state of the newest session as of then, so the log stays short. The log also
tells a duplicate: an equal event to one that is no longer in it would be late.
"""

import msgspec

from stream.core.revenue import Paid
from stream.core.session import Session


class Group(msgspec.Struct, array_like=True, gc=False):
    """A visitor's sessions with one client session id (or with none).

    Attributes:
        sid: The client's session id; empty for sessions made from gaps alone.
        folded: The newest session as it was before the first event of the log; ``None``: there was none.
        times: The log: when those events were that may still be preceded by one that arrives later, in order
            of time, then id; behind those that are settled, others in order of arrival.
        ids: Their ids.
        marks: What they are and say: their kind (:mod:`stream.core.plans`), and above it the number of their
            labels.
        labels: Labels that events of the log carry; marks refer to them by number.
        sessions: The sessions that the settled events make, in order of time.
        settled: How many events of the log are.
        paid: The money of those of them that match a macro step; nearly always nothing.
        pages: The numbers of the pages that they say (0: none), as many as there are events.
    """

    sid: str
    folded: Session | None
    times: list[int]
    ids: list[str]
    marks: list[int]
    labels: list[tuple[str, ...]]
    sessions: list[Session]
    pages: list[int]
    settled: int = 0
    paid: list[Paid] | None = None


class Attempt(msgspec.Struct, array_like=True, gc=False):
    """An attempt at a funnel that runs across sessions.

    Attributes:
        funnel: Number of the funnel.
        sid: The client's id of the session in which it began.
        state: How far it got, as a session has it; it begins with its first event of the first step, and its
            last event is the newest of that.
        sids: For each measure that it reached, the client's id of the session in which it did.
        ends: Of each of these sessions, the number of the page that it was on in the end (0: it said none),
            and when its last event was, ms.
    """

    funnel: int
    sid: str
    state: Session
    sids: dict[int, str]
    ends: dict[int, tuple[int, int]]

    def copy(self) -> "Attempt":
        """Return an attempt that can change without this one."""
        return Attempt(self.funnel, self.sid, self.state.copy(), self.sids.copy(), self.ends.copy())


class Journey(msgspec.Struct, array_like=True, gc=False):
    """What a visitor did in funnels that run across sessions; as a group has its sessions.

    Attributes:
        folded: The attempts as they were before the first event of the log.
        times: The log of the events that such a funnel is made of: when they were.
        ids: Their ids.
        kinds: Their kinds.
        sids: The client's ids of their sessions.
        pages: The numbers of the pages that these said last before, or, where they had said none, at that
            very time (0: nor then).
        attempts: The attempts that the settled events make, in order of time.
        settled: How many events of the log are.
        paid: The money of those of them that match a macro step.
    """

    folded: list[Attempt]
    times: list[int]
    ids: list[str]
    kinds: list[int]
    sids: list[str]
    pages: list[int]
    attempts: list[Attempt]
    settled: int = 0
    paid: list[Paid] | None = None


class Visitor(msgspec.Struct, array_like=True, gc=False):
    """Everything known of one visitor.

    ``began`` is when the newest of the sessions that are no longer kept began (-1: none): who is back is
    known by it. ``journey`` is what it did in funnels that run across sessions, if anything. ``gone`` is how
    many sessions there were up to and including that newest one, back as far as ``Session.earlier`` counts.
    """

    began: int
    groups: list[Group]
    journey: Journey | None = None
    gone: int = 0

    @property
    def is_forgotten(self) -> bool:
        """Whether nothing is known any more."""
        return not self.groups and self.began < 0 and self.journey is None
