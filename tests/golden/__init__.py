"""Small cases worked out by hand: a few events, and the counts that a person expects of them.

Each file beside this one holds cases of one subject. A case has the events in the order they are read, one a
line::

    TIME NAME [field=value ...] [-> outcome]

``TIME`` is ``13:00``, ``13:00:30``, ``13:00:30.500`` of 2026-01-05, or with a date (``2026-01-06T13:00``).
Where nothing else is said, the visitor is ``v``, the event id ``e01``, ``e02`` ... by line, the record's
own time is the event's, the topic ``site-events``, the partition 0 and the outcome ``counted``. Besides
fields of the event (``page=/``, ``props.plan=pro``) one may write ``id=`` (nothing: no id), ``visitor=``,
``user=``, ``session=``, ``arrived=TIME`` (the record's own time), ``sent_at=TIME``, ``received_at=TIME``,
``topic=`` and ``partition=``; ``time=`` says the event's time in other words than ``TIME``. After ``:=``
stands JSON, such as a number (``value:=12.5``, ``props.seats:=3``). A case may give ``records`` instead,
values as they are.

``expected`` names the windows of a measure in a segment, all of them; ``none`` for the window: there is none.
``revenue`` names the windows of a macro step's measure likewise: ``f.order all 1h 13:00 EUR 12.50 USD 3.00``.
``sessions`` has, of some windows, facts about their sessions by the names that Redis has: ``-`` means that
there is none. Where no window is said it is the hour of ``13:00``, of segment ``all``.
``conversions`` likewise has facts about what reached the macro step of a funnel, with the funnel's name
before that of the fact (``device=tv 1m 13:05 checkout mean 60000``).
``pages`` has ``stay PAGE`` with ``mean``, ``time`` (ms) or ``stays``, and ``left MEASURE PAGE`` and
``went_on MEASURE PAGE`` with how many sessions or attempts: of each that is named all its pages, ``-``
for one that has none. It is of the whole input, or of the window that a line begins with
(``1h 13:00 stay /cart mean 60000``). The groups of pages of the configuration are in ``groups``.
A segment with a blank in it stands in quotes, as do such fields of events.
``sentence`` says what the case shows, ``says`` quotes rules of ``docs/semantics.md`` (``tests/semantics``).
Spans of the configuration (``timeout``, ``engaged_after``) are in ``times``, exclusions in a funnel's
``exclude``.
Where a case has no definition of its own (``funnel``, ``micro``, ``dimensions``, ``times``) the file's
``default`` holds.
"""

from tests.golden.case import (
    Case,
    Converted,
    Counts,
    Window,
    differences,
    unlike_pages,
    unlike_sessions,
)
from tests.golden.loading import cases

__all__ = [
    "Case",
    "Converted",
    "Counts",
    "Window",
    "cases",
    "differences",
    "unlike_pages",
    "unlike_sessions",
]
