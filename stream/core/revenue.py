"""Revenue: money in whole millionths, and accounts, in which it is added up.

An *account* is a macro measure (or, for a session as a whole, the measure that it began) and a currency. Its
number is the same wherever amounts are kept: in a visitor's row, in tallies, in counters.

State is written as integers of 64 bits, and nobody can be kept from sending large values for years. So an
amount is kept in two places, as the digits of a number to the base of 2^32: the account's own place has the
last one (0 or more), the next place all above it (negative where the amount is). Amounts merge by addition,
place by place. With the limit of a single value, some 2^31 amounts can be added to one account of one span
of time before a place is full: more than an hour can have. Counters, which run for ever, are carried over.
"""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

import msgspec

from stream.core.currency import BITS, currency_name, currency_number

MILLION: Final = 1_000_000

LARGEST_VALUE: Final = 1_000_000_000_000
"""A value that is greater, or less than its negative, is no price: it is no revenue."""

Money = tuple[int, ...]
"""Number of the currency, and how many millionths; empty: no money."""

NO_MONEY: Final[Money] = ()

Paid = tuple[int, str, int, int, int]
"""Time (ms), id and kind of an event of a log, its currency and millionths."""

Amounts = dict[int, int]
"""Amounts by account, two places each; none is 0."""

PLACES: Final = (1 << BITS + 1) - 1
"""These bits of a place tell which of a measure's it is."""

FIRST_ACCOUNT: Final = 1 << 20
"""In tallies, accounts have the places from here on,"""

BEHIND_ACCOUNTS: Final = 1 << 25
"""and before here: those of 496 measures, and no configuration has so many."""

_DIGIT: Final = 32
_LAST: Final = (1 << _DIGIT) - 1


class Revenue(msgspec.Struct, array_like=True, gc=False):
    """What a session, or an attempt across sessions, brought, and how much of it counters have seen.

    ``counted`` is the most that it had, and so does not fall when it turns out to have brought less.
    """

    amounts: Amounts
    counted: Amounts

    def copy(self) -> "Revenue":
        """Return one that can change without this one."""
        return Revenue(self.amounts.copy(), self.counted.copy())


def money_of(value: float | None, currency: str | None) -> Money:
    """Return what an event is worth: its value as it was written in decimals, rounded half to even."""
    if not value or not -LARGEST_VALUE <= value <= LARGEST_VALUE:
        return NO_MONEY
    if isinstance(value, int):
        millionths = value * MILLION
    else:
        millionths = int(Decimal(repr(value)).scaleb(6).to_integral_value(ROUND_HALF_EVEN))
    return (currency_number(currency), millionths) if millionths else NO_MONEY


def account_of(measure: int, currency: int) -> int:
    """Return the number of an account, by the numbers of the measure and the currency."""
    return (measure << BITS | currency) << 1


def measure_of(place: int) -> int:
    """Return the measure of an account, by either of its places."""
    return place >> BITS + 1


def currency_of(place: int) -> int:
    """Return the currency likewise."""
    return place >> 1 & (1 << BITS) - 1


def accounts(amounts: Iterable[int]) -> list[int]:
    """Return the accounts that have a place among these, in order."""
    return sorted({place & ~1 for place in amounts})


def amount_in(amounts: Mapping[int, int], account: int) -> int:
    """Return the amount in an account, in millionths."""
    return amounts.get(account, 0) + (amounts.get(account + 1, 0) << _DIGIT)


def add_to(amounts: Amounts, account: int, millionths: int) -> None:
    """Add to an account."""
    total = amount_in(amounts, account) + millionths
    for place, digit in ((account, total & _LAST), (account + 1, total >> _DIGIT)):
        if digit:
            amounts[place] = digit
        else:
            amounts.pop(place, None)


def add_digit(amounts: Amounts, place: int, digit: int) -> None:
    """Add to one place of an account, and carry over."""
    add_to(amounts, place & ~1, digit << _DIGIT if place & 1 else digit)


def places_of(account: int, millionths: int) -> Iterable[tuple[int, int]]:
    """Return how an amount is kept: places, and what is in each."""
    amounts: Amounts = {}
    add_to(amounts, account, millionths)
    return amounts.items()


def by_currency(tallies: Mapping[int, int]) -> dict[int, dict[int, int]]:
    """Return the amounts in tallies that are not 0, in millionths: by measure, then by currency."""
    found: dict[int, dict[int, int]] = {}
    for account in accounts(place for place in tallies if FIRST_ACCOUNT <= place < BEHIND_ACCOUNTS):
        total = amount_in(tallies, account)
        if total:
            number = account - FIRST_ACCOUNT
            found.setdefault(measure_of(number), {})[currency_of(number)] = total
    return found


def decimals(amounts: Mapping[int, int]) -> dict[str, str]:
    """Return millionths by currency as people and programs read them, but 0: ``{"EUR": "12.50"}``."""
    texts = {currency_name(currency): decimal(amount) for currency, amount in amounts.items() if amount}
    return dict(sorted(texts.items()))


def decimal(millionths: int) -> str:
    """Return an amount with two decimals, or with as many more as it needs."""
    whole, part = divmod(abs(millionths), MILLION)
    digits = f"{part:06}".rstrip("0").ljust(2, "0")
    return f"{'-' if millionths < 0 else ''}{whole}.{digits}"


def share(millionths: int, among: int) -> int:
    """Return an amount divided among so many, in whole millionths, rounded half to even."""
    quotient, rest = divmod(millionths, among)
    return quotient + (2 * rest > among or (2 * rest == among and quotient & 1))
