"""What ``--drop`` asks for: which conversions are not to happen, in which segment, from when until when."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from stream.core.definition import SESSION, Definition, Dimension
from stream.core.segment import ALL
from stream.simulate.arguments import UsageError, moment_ms
from stream.simulate.site import Site
from stream.simulate.sites import SHOP
from stream.units import duration_ms, share

FORM = "MEASURE[@SEGMENT]:FRACTION:AT[:FOR]"
"""How a drop is written."""

_EXAMPLE = "checkout.add_to_cart@device=mobile:0.5:30m:15m"
_ISO = r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?)?"
_WRITTEN = re.compile(
    r"(?P<measure>[^:@]+)(?:@(?P<segment>[^:]*))?:(?P<share>[^:]*)"
    rf":(?P<at>{_ISO}|[^:]*)(?::(?P<span>[^:]*))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Conversions that do not happen.

    Attributes:
        measure: ``funnel.step`` or ``micro.name``.
        segment: ``all`` or ``dimension=value``, the value as it is (not percent-encoded).
        share: Which share of them, more than 0, at most 1.
        from_ms: Those at this time or later, ms since the epoch...
        until_ms: ...and before this; ``None``: to the end.
    """

    measure: str
    segment: str = ALL
    share: float
    from_ms: int
    until_ms: int | None = None

    def covers(self, at_ms: int) -> bool:
        """Whether a conversion at that time is one of those."""
        return self.from_ms <= at_ms and (self.until_ms is None or at_ms < self.until_ms)


def drop_of(text: str, definition: Definition, start_ms: int, site: Site = SHOP) -> Drop:
    """Return the drop that is written in a text.

    Args:
        text: As :data:`FORM` says; AT is a duration since the start, or ISO 8601.
        definition: What is measured.
        start_ms: Where the simulated time starts, ms since the epoch.
        site: What is simulated.

    Raises:
        UsageError: It is none, or names what is not measured or never sent by the simulated site.
    """
    written = _WRITTEN.fullmatch(text)
    if written is None:
        raise _refusal(text, f"{FORM}, such as {_EXAMPLE}")
    _check_measure(text, written["measure"], definition, site)
    segment = _segment(text, written["segment"], definition, site)
    from_ms = _from(text, written["at"], start_ms)
    until_ms = None
    if written["span"] is not None:
        span = _span(written["span"])
        if not span:
            raise _refusal(text, "as FOR a duration such as 15m, longer than 0", written["span"])
        until_ms = from_ms + span
    return Drop(
        measure=written["measure"],
        segment=segment,
        share=_share(text, written["share"]),
        from_ms=from_ms,
        until_ms=until_ms,
    )


def _refusal(text: str, wanted: str, found: str = "") -> UsageError:
    where = f"{found!r} in {text!r}" if found else repr(text)
    return UsageError(f"--drop: found {where}; wanted: {wanted}")


def _check_measure(text: str, measure: str, definition: Definition, site: Site) -> None:
    measures = [m for m in definition.measures() if not m.startswith(f"{SESSION}.")]
    if measure not in measures:
        raise _refusal(text, f"one of the measures {', '.join(measures)}", measure)
    made_by = [step.event for funnel in definition.funnels for step in funnel.steps]
    made_by += [micro.event for micro in definition.micros]
    event = made_by[measures.index(measure)]
    if event not in site.event_names:
        sent = ", ".join(sorted(site.event_names))
        wanted = f"a measure of events that the simulated {site.name} sends, not of {event!r} ({sent})"
        raise _refusal(text, wanted, measure)


def _segment(text: str, segment: str | None, definition: Definition, site: Site) -> str:
    if segment in (None, ALL):
        return ALL
    name, equals, value = unquote(segment or "").partition("=")
    dimensions = {dimension.name: dimension for dimension in definition.dimensions}
    if not equals or not value or name not in dimensions:
        known = f"one of {', '.join(dimensions)}" if dimensions else "there are none"
        raise _refusal(text, f"{ALL} or DIMENSION=VALUE as segment (dimensions: {known})", segment or "@")
    crossed = dimensions[name].cross
    parts = [part.replace("%2F", "/") for part in value.split("/")] if crossed else [value]
    plain = [dimensions[part] for part in crossed] or [dimensions[name]]
    if len(parts) != len(plain):
        raise _refusal(text, f"as value of {name} one of each of {', '.join(crossed)}, with / between", value)
    for dimension, part in zip(plain, parts, strict=True):
        values = _values(dimension, site)
        if values and part not in values:
            raise _refusal(text, f"as value of {dimension.name} one of {', '.join(values)}", part)
    return f"{name}={value}"


def _values(dimension: Dimension, site: Site) -> tuple[str, ...]:
    """Return the values that a dimension can have here; none where nobody knows."""
    return tuple(dict.fromkeys([*dimension.values, *site.field_values.get(dimension.field, ())]))


def _share(text: str, written: str) -> float:
    try:
        return 1.0 if written in ("1", "1.0", "100%") else share(written)
    except ValueError:
        wanted = "as FRACTION a share such as 0.5 or 50%, more than 0, at most 1"
        raise _refusal(text, wanted, written) from None


def _from(text: str, written: str, start_ms: int) -> int:
    if written == "0":
        return start_ms
    after = _span(written)
    if after is not None:
        return start_ms + after
    moment = None if written.isdecimal() else moment_ms(written)
    if moment is None:
        wanted = "as AT a duration since the start such as 30m, or ISO 8601 such as 2026-03-02T12:30"
        raise _refusal(text, wanted, written)
    return moment


def _span(written: str) -> int | None:
    try:
        return duration_ms(written)
    except ValueError:
        return None
