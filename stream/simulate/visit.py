"""A visit of a visitor, and the steps that it takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from stream.simulate.catalogue import Channel, Country, Device, Product

MINUTE, HOUR = 60_000, 3_600_000
LONGEST_MS = 40 * MINUTE
"""No visit takes longer, ms."""


@dataclass(slots=True)
class Visitor:
    """Somebody with a browser, who may come back.

    Attributes:
        id: The anonymous id.
        user_id: The account's id; empty for those without.
        device: What they browse with.
        user_agent: What it calls itself.
        country: Where they are.
        variant: Which variant of the running A/B test they see.
        consent: What they answered to the banner; ``None`` where there was none.
        visits: How many visits they have begun.
    """

    id: str
    user_id: str
    device: Device
    user_agent: str
    country: Country
    variant: str
    consent: dict[str, bool] | None
    visits: int = 0


@dataclass(slots=True)
class Visit:
    """One session of a visitor, as far as it is known when it begins.

    Attributes:
        visitor: Who.
        session_id: The client's id of it.
        start_ms: When the landing page is opened, ms since the epoch.
        channel: Where it comes from.
        returning: Whether the visitor was here before.
        habit: How much likelier such visits convert.
        path: What is done in it, in order of time.
    """

    visitor: Visitor
    session_id: str
    start_ms: int
    channel: Channel
    returning: bool
    habit: float = 1.0
    path: list["Step"] = field(default_factory=list)

    @property
    def appetite(self) -> float:
        """How much likelier than the average this visit converts (1: as likely)."""
        return self.visitor.device.appetite * self.channel.appetite * self.habit


class Step(NamedTuple):
    """One event of a visit: ``after_ms`` since its start; ``value``: unless products tell it."""

    after_ms: float
    name: str
    page: str
    products: tuple[Product, ...] = ()
    props: Mapping[str, str] | None = None
    value: float = 0.0


class OpenPage:
    """A page of a walk: when it is opened, and what is done there, each ``after_ms`` later."""

    def __init__(self, at: float, path: str) -> None:
        self.at = at
        self.acts = [Step(0.0, "page_view", path)]


class Walk(list[OpenPage]):
    """The pages that a visit looks at, in order."""

    def stretch(self, last_at: float) -> None:
        """Move the pages in time so that the last one is opened ``last_at``, all else in proportion."""
        if self[-1].at > 0:
            factor = last_at / self[-1].at
            for page in self:
                page.at *= factor
