"""What is to be measured: the checked configuration in the form that the core computes with.

Times and spans are milliseconds. A *measure* is named ``funnel.step`` or ``micro.name``.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Final, Literal

import msgspec

SESSION = "session"
"""The base of a micro-conversion that needs only the session, and the built-in funnel of facts about it."""

SESSION_FACTS = ("started", "engaged", "bounced", "single_page")
"""What is measured of every session, in this order behind all other measures."""

MICRO = "micro"
"""The built-in funnel that holds the secondary actions."""

LAYOUT: Final = 2
"""Of the rows of state: another number where rows of before cannot be read any more."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A field of the event (``page``, ``props.plan``) must equal, or match as a glob, any of ``patterns``.

    Of ``value`` and properties a pattern may also compare numbers (``>= 10 < 50``): see
    :mod:`stream.core.condition`.
    """

    field: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a funnel.

    ``within_ms`` bounds the time from the chain's event before it (inclusive), besides the funnel's own.
    ``weight``: what reaching it adds to the intent score, in millionths.
    """

    name: str
    event: str
    where: tuple[Condition, ...] = ()
    optional: bool = False
    within_ms: int | None = None
    macro: bool = False
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Exclusion:
    """An event that ends every chain that has got as far as step ``first`` and not to step ``last``.

    Steps are by their places in the funnel, ``first`` before ``last``.
    """

    event: str
    where: tuple[Condition, ...]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """Steps of one session, or, with scope ``visitor``, of all sessions of one visitor (then ordered).

    ``within_ms``, inclusive, counts from the chain's first event; unordered, it is how far apart events are.
    """

    name: str
    steps: tuple[Step, ...]
    within_ms: int = 1_800_000
    reentry: Literal["first", "latest"] = "latest"
    order: Literal["ordered", "strict", "unordered"] = "ordered"
    exclusions: tuple[Exclusion, ...] = ()
    scope: Literal["session", "visitor"] = "session"


@dataclass(frozen=True, slots=True)
class Micro:
    """A secondary action; ``of`` is what makes a session relevant: ``session`` or a measure.

    ``weight``: what doing it adds to the intent score, in millionths.
    """

    name: str
    event: str
    where: tuple[Condition, ...] = ()
    of: str = SESSION
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Dimension:
    """One label of a session, or a cross of such labels.

    Attributes:
        name: The dimension's name.
        field: The event's field it is read from; for a cross, empty.
        values: Values counted exactly whatever else arrives.
        max_values: How many other values are told apart; the rest is ``__other__``.
        cross: Names of the dimensions whose values together make this one's.
    """

    name: str
    field: str = ""
    values: tuple[str, ...] = ()
    max_values: int = 20
    cross: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PageGroup:
    """Pages that count as one: those whose path equals a pattern, or matches it as a glob."""

    name: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pages:
    """Which pages are told apart: the groups (the first that matches counts), and so many others."""

    groups: tuple[PageGroup, ...] = ()
    max_values: int = 100


@dataclass(frozen=True, slots=True)
class Times:
    """The spans that decide about sessions, order and windows, all in ms."""

    timeout: int = 1_800_000
    max_length: int = 86_400_000
    out_of_order: int = 10_000
    allowed_lateness: int = 600_000
    max_future: int = 300_000
    known_for: int = 2_592_000_000
    engaged_after: int = 10_000
    pane: int = 10_000
    sizes: tuple[int, ...] = (60_000, 300_000, 900_000, 3_600_000, 86_400_000)

    @property
    def late_after(self) -> int:
        """An event is late when it is older than its partition's newest by more than this."""
        return self.out_of_order + self.allowed_lateness


@dataclass(frozen=True, slots=True)
class Definition:
    """Everything that decides about a number. Two runs with equal definitions count alike."""

    funnels: tuple[Funnel, ...] = ()
    micros: tuple[Micro, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    times: Times = Times()
    pages: Pages = Pages()

    def measures(self) -> tuple[str, ...]:
        """Return the names of all measures: funnels', micro-conversions, facts about sessions."""
        steps = [f"{f.name}.{s.name}" for f in self.funnels for s in f.steps]
        micros = [f"{MICRO}.{m.name}" for m in self.micros]
        return (*steps, *micros, *(f"{SESSION}.{fact}" for fact in SESSION_FACTS))

    def fingerprint(self) -> str:
        """Return a short text that is equal for definitions whose state can be read as each other's.

        Spans that only say when something is late, closed or shown may change from one start to the next.
        """
        lasting = replace(
            self,
            times=Times(
                timeout=self.times.timeout,
                max_length=self.times.max_length,
                known_for=self.times.known_for,
                engaged_after=self.times.engaged_after,
                pane=self.times.pane,
            ),
        )
        return hashlib.blake2b(msgspec.json.encode((LAYOUT, lasting)), digest_size=6).hexdigest()
