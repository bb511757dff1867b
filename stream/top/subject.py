"""What there is to show of a configuration, and what somebody chose of it: a window and a segment."""

from dataclasses import dataclass, replace

from stream.core.definition import MICRO, SESSION, SESSION_FACTS
from stream.core.segment import ALL
from stream.settings import Settings
from stream.units import duration_ms, duration_text

USUAL_WINDOW_MS = 300_000


class UsageError(ValueError):
    """An argument cannot be used; the text names it, what was found and what is wanted."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is shown.

    Attributes:
        window_ms: The size of the sliding window, ms.
        segment: ``all`` or ``dimension=value``.
    """

    window_ms: int
    segment: str = ALL

    @property
    def window(self) -> str:
        """The window as keys have it, such as ``5m``."""
        return duration_text(self.window_ms)


@dataclass(frozen=True, slots=True)
class Subject:
    """What there is to show.

    Attributes:
        groups: Measures by funnel in order of the steps, those with a goal first; behind them
            ``micro``, and ``session`` last.
        firsts: The first steps of funnels, and the sessions themselves: their flow is 1 always.
        across: The funnels that run across a visitor's sessions: what they count are attempts.
        sample: The measure whose segments are compared: the second step of the first funnel; where there are
            no funnels, the first secondary action.
        dimensions: Their names.
        watched: ``all``, dimensions and segments of which closed minutes are kept.
        sizes: The windows that there are, ms.
        ahead_ms: How far the newest event is ahead of the watermark by definition, ms.
        pane_ms: The step by which windows slide, ms.
        prefix: The first part of every key.
    """

    groups: tuple[tuple[str, ...], ...]
    firsts: frozenset[str]
    across: frozenset[str]
    sample: str
    dimensions: tuple[str, ...]
    watched: tuple[str, ...]
    sizes: tuple[int, ...]
    ahead_ms: int
    pane_ms: int
    prefix: str

    @property
    def measures(self) -> tuple[str, ...]:
        """All measures, in the order in which they are shown."""
        return tuple(measure for group in self.groups for measure in group)

    def has_history(self, segment: str) -> bool:
        """Tell whether closed minutes of a segment are in Redis."""
        return segment in self.watched or segment.partition("=")[0] in self.watched

    def choose(self, window: str | None, segment: str) -> Choice:
        """Return the choice that two options make; without a window it is 5 min, or the nearest to that.

        Raises:
            UsageError: There is no such window, or no such dimension.
        """
        return Choice(self._window(window), self._segment(segment))

    def next_window(self, choice: Choice) -> Choice:
        """Return the choice with the next larger window; after the largest comes the smallest."""
        place = self.sizes.index(choice.window_ms) + 1
        return replace(choice, window_ms=self.sizes[place % len(self.sizes)])

    def _window(self, text: str | None) -> int:
        if text is None:
            return min(self.sizes, key=lambda size: abs(size - USUAL_WINDOW_MS))
        try:
            found = duration_ms(text)
        except ValueError:
            found = -1
        if found not in self.sizes:
            sizes = ", ".join(map(duration_text, self.sizes))
            raise UsageError(f"--window: found {text!r}; wanted: one of {sizes} (windows.sizes)")
        return found

    def _segment(self, text: str) -> str:
        dimension, equals, value = text.partition("=")
        if text == ALL or (equals and value and dimension in self.dimensions):
            return text
        known = f"one of {', '.join(self.dimensions)}" if self.dimensions else "none: there are no dimensions"
        raise UsageError(
            f"--segment: found {text!r}; wanted: {ALL} or DIMENSION=VALUE (the dimension: {known})"
        )


def subject_of(settings: Settings) -> Subject:
    """Return what there is to show of a configuration."""
    by_goal = sorted(settings.funnel, key=lambda funnel: not any(step.macro for step in funnel.steps))
    groups = [tuple(f"{funnel.name}.{step.name}" for step in funnel.steps) for funnel in by_goal]
    if settings.micro:
        groups.append(tuple(f"{MICRO}.{micro.name}" for micro in settings.micro))
    groups.append(tuple(f"{SESSION}.{fact}" for fact in SESSION_FACTS))
    return Subject(
        groups=tuple(groups),
        firsts=frozenset(measures[0] for measures in groups if not measures[0].startswith(f"{MICRO}.")),
        across=frozenset(funnel.name for funnel in settings.funnel if funnel.scope == "visitor"),
        sample=groups[0][1 if settings.funnel and len(groups[0]) > 1 else 0],
        dimensions=tuple(settings.dimensions),
        watched=settings.watched_segments(),
        sizes=tuple(sorted(set(settings.windows.sizes))),
        ahead_ms=settings.time.out_of_order,
        pane_ms=settings.windows.pane,
        prefix=settings.redis.prefix,
    )
