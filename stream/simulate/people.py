"""Who comes to any site: devices with what they call themselves, and countries."""

from stream.simulate.catalogue import Country, Device, Weighted

_APPLE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0"

_PHONES = (
    f"{_APPLE} Version/18.5 Mobile/15E148 Safari/604.1",
    f"{_APPLE} CriOS/138.0.7204.53 Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (Linux; Android 10; K) {_CHROME} Mobile Safari/537.36",
)
_COMPUTERS = (
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Safari/537.36",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_CHROME} Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
)
_TABLETS = (
    "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.5 Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (Linux; Android 14; SM-X210) {_CHROME} Safari/537.36",
)


def devices(
    mobile: tuple[float, float], desktop: tuple[float, float], tablet: tuple[float, float]
) -> Weighted[Device]:
    """Return the devices, each given by its share of visitors and its appetite."""
    return Weighted(
        [
            (mobile[0], Device("mobile", mobile[1], _PHONES)),
            (desktop[0], Device("desktop", desktop[1], _COMPUTERS)),
            (tablet[0], Device("tablet", tablet[1], _TABLETS)),
        ]
    )


COUNTRIES = Weighted(
    [
        (0.42, Country("DE", "EUR")),
        (0.16, Country("FR", "EUR")),
        (0.14, Country("GB", "GBP")),
        (0.10, Country("NL", "EUR")),
        (0.10, Country("US", "USD")),
        (0.05, Country("AT", "EUR")),
        (0.03, Country("CH", "CHF")),
    ]
)
