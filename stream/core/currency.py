"""Currencies: which there are, and the number of each, which does not change with the list.

The list is closed, so that nobody grows memory or Prometheus by sending new ones: the alphabetic codes of
ISO 4217, and of those that it gave up, what files of the last years may still have.
"""

from typing import Final

NO_CURRENCY: Final = "XXX"
"""What is said to be in no currency, or in one that there is not."""

_CODES: Final = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD
CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD
KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK
NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST
XAD XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG
ANG CUC HRK SLL ZWL
"""

CURRENCIES: Final = frozenset(_CODES.split())
"""All that are told apart; the last five were given up since 2021."""

_A, _LETTERS = ord("A"), 26


def _number(code: str) -> int:
    first, second, third = (ord(letter) - _A for letter in code)
    return (first * _LETTERS + second) * _LETTERS + third


_NUMBERS: Final = {code: _number(code) for code in CURRENCIES}
_NONE: Final = _NUMBERS[NO_CURRENCY]

BITS: Final = 15
"""Of a currency's number."""


def currency_number(said: str | None) -> int:
    """Return the number of the currency that an event says, in letters of any case."""
    if not said or not said.isascii():
        return _NONE
    return _NUMBERS.get(said.upper(), _NONE)


def currency_name(number: int) -> str:
    """Return the code of a currency."""
    rest, third = divmod(number, _LETTERS)
    first, second = divmod(rest, _LETTERS)
    return "".join(chr(_A + letter) for letter in (first, second, third))
