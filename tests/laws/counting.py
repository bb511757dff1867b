"""Counters of revenue, held against the batch: they have seen all that there is in the end, at least."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

from stream.core.currency import currency_name
from stream.core.rates import Rates
from stream.core.revenue import accounts, amount_in, currency_of, measure_of
from tests.oracle import Key, Row


def unseen_revenue(core: Rates, wanted: Mapping[Key, Row]) -> list[str]:
    """Return the counters of revenue that are less than what the rows of one size add up to."""
    brought: Counter[tuple[str, str, str]] = Counter()
    for (measure, segment, _, _), row in wanted.items():
        for currency, amount in (row["revenue"] or {}).items():
            brought[measure, segment, currency] += int(Decimal(amount) * 1_000_000)
    seen = counted_revenue(core)
    return [f"{key}: {seen.get(key, 0)} < {n}" for key, n in brought.items() if seen.get(key, 0) < n]


def counted_revenue(core: Rates) -> dict[tuple[str, str, str], int]:
    """Return the counters: millionths by measure, segment and currency."""
    return {
        (core.measures[measure_of(account)], segment, currency_name(currency_of(account))): amount_in(
            amounts, account
        )
        for segment, amounts in core.revenue.items()
        for account in accounts(amounts)
    }
