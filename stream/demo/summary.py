"""What the demo tells at its end: what was sent, what Redis holds of it, and how long that took."""

import json
import sys
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from stream.board.values import Rate
from stream.board.words import NOTHING, percent
from stream.demo.latency import METHOD, Percentiles
from stream.demo.reading import Snapshot, Subject


@dataclass(frozen=True, slots=True)
class Summary:
    """The result of a demo.

    Attributes:
        seconds: How long the site was open.
        seed: What the traffic was made from.
        events: Records sent and acknowledged.
        outcomes: Records read, by what became of them; their sum is ``events`` when all were read.
        sessions: Sessions begun.
        window: The window of sessions and rates.
        rates: By measure.
        latency: From arrival to Redis; ``None`` when nothing was measured.
        across: Funnels that run across a visitor's sessions.
    """

    seconds: float
    seed: int
    events: int
    outcomes: Mapping[str, int]
    sessions: int
    window: str
    rates: Mapping[str, Rate]
    latency: Percentiles | None
    across: Collection[str] = ()

    @property
    def read(self) -> int:
        """How many records were read."""
        return sum(self.outcomes.values())

    def as_json(self) -> dict[str, Any]:
        """Return it for programs: ratios 0..1 (``None`` is no data), times in ms."""
        measured = self.latency._asdict() if self.latency else dict.fromkeys(Percentiles._fields)
        return {
            "seconds": round(self.seconds, 1),
            "seed": self.seed,
            "events": self.events,
            "counted": self.outcomes.get("counted", 0),
            "outcomes": dict(self.outcomes),
            "sessions": self.sessions,
            "window": self.window,
            "rates": {measure: asdict(rate) for measure, rate in self.rates.items()},
            "latency": {**measured, "method": METHOD},
        }

    def as_text(self) -> RenderableType:
        """Return it for people."""
        outcomes = ", ".join(f"{count:,} {name}" for name, count in self.outcomes.items() if count)
        facts = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
        facts.add_row(
            "events",
            f"{self.events:,} sent in {self.seconds:.0f} s, {self.read:,} read: {outcomes or 'nothing'}",
        )
        facts.add_row("sessions", f"{self.sessions:,}")
        facts.add_row("latency", self._latency())
        facts.add_row("", Text(METHOD, style="dim"))
        facts.add_row("seed", str(self.seed))
        rates = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        rates.add_column("measure")
        for title in ("sessions", "converted", "ratio", "95 % interval"):
            rates.add_column(title, justify="right")
        for measure, rate in self.rates.items():
            interval = NOTHING if rate.low is None else f"{percent(rate.low)} - {percent(rate.high)}"
            counts = (f"{rate.sessions:,}", f"{rate.converted:,}")
            rates.add_row(measure, *counts, percent(rate.ratio), interval)
        notes = [
            Text(f"{funnel}: attempts across a visitor's sessions, not sessions", style="dim")
            for funnel in sorted(self.across)
        ]
        return Group(facts, Text(""), rates, *notes)

    def _latency(self) -> str:
        if self.latency is None:
            return NOTHING
        found = self.latency
        return f"p50 {found.p50_ms:,} ms, p99 {found.p99_ms:,} ms, of {found.records:,} records"


def summarize(
    subject: Subject,
    snapshot: Snapshot,
    *,
    seconds: float,
    seed: int,
    events: int,
    latency: Percentiles | None,
) -> Summary:
    """Return the summary of the last reading, and of what was sent."""
    return Summary(
        seconds=seconds,
        seed=seed,
        events=events,
        outcomes=snapshot.status.outcomes,
        sessions=snapshot.sessions(subject),
        window=subject.whole,
        rates={measure: snapshot.rate(measure, subject.whole) for measure in subject.measures},
        latency=latency,
        across=subject.across,
    )


def tell(summary: Summary, console: Console, *, as_json: bool) -> None:
    """Print a summary: to the console, or as one JSON object, a line of standard output."""
    if as_json:
        sys.stdout.write(json.dumps(summary.as_json()) + "\n")
        sys.stdout.flush()
    else:
        console.print(summary.as_text())
