"""A magazine with articles, videos and dossiers: the catalogue of preset ``content``.

Most come for one article or one video; those who come back every other day stay longer and pass things on.
"""

from stream.simulate.catalogue import TOPIC, Act, Channel, Coming, Page, Topic, Way, Weighted
from stream.simulate.people import devices
from stream.simulate.rhythm import weekly
from stream.simulate.site import Site
from stream.simulate.visit import HOUR, MINUTE

_GOOGLE = "https://www.google.com/"
_CHANNELS = Weighted(
    [
        (0.38, Channel("google", "organic", "", _GOOGLE, 1.0)),
        (0.16, Channel("facebook", "social", "", "https://m.facebook.com/", 0.7, landing="article")),
        (0.10, Channel("youtube", "social", "", "https://www.youtube.com/", 1.3, landing="video")),
        (0.08, Channel("x", "social", "", "https://t.co/", 0.8, landing="article")),
        (0.16, Channel("direct", "", "", "", 1.1)),
        (0.07, Channel("newsletter", "email", "weekend_edition", "", 1.4, landing="article")),
        (
            0.05,
            Channel("facebook", "paid_social", "dossier_energy", "https://m.facebook.com/", 0.8, "dossier"),
        ),
    ]
)
_CHANNELS_BACK = Weighted(
    [
        (0.44, Channel("direct", "", "", "", 1.1)),
        (0.26, Channel("newsletter", "email", "weekend_edition", "", 1.4)),
        (0.22, Channel("google", "organic", "", _GOOGLE, 1.0)),
        (0.08, Channel("facebook", "social", "", "https://m.facebook.com/", 0.7, landing="article")),
    ]
)

_SHARE = Act(
    "share",
    0.035,
    (15_000, 90_000),
    tuple(
        {"method": method, "content_type": "article"} for method in ("whatsapp", "whatsapp", "mail", "link")
    ),
    keen=True,
)
_WATCH = Act(
    "video_start",
    0.62,
    (500, 6_000),
    tuple(
        {"video_title": title, "video_provider": "youtube"} for title in ("How cities cool", "A day at sea")
    ),
    keen=True,
    then=(Act("video_complete", 0.42, (90_000, 7 * MINUTE), ({"video_percent": "100"},)),),
)
_LOAD = Act(
    "file_download",
    0.28,
    (10_000, 60_000),
    tuple({"file_name": f"dossier-{of}.pdf", "file_extension": "pdf"} for of in ("energy", "housing")),
    keen=True,
)

MAGAZINE = Site(
    name="magazine",
    address="https://magazine.example",
    devices=devices(mobile=(0.66, 0.95), desktop=(0.26, 1.1), tablet=(0.08, 1.15)),
    variants=("autoplay_next", "control"),
    first=Coming(
        _CHANNELS,
        Weighted([(0.10, "front"), (0.06, "section"), (0.62, "article"), (0.16, "video"), (0.06, "dossier")]),
        habit=0.9,
    ),
    again=Coming(
        _CHANNELS_BACK,
        Weighted([(0.46, "front"), (0.12, "section"), (0.28, "article"), (0.12, "video"), (0.02, "dossier")]),
        habit=1.1,
    ),
    topics=tuple(Topic(f"/{name}", (), {}) for name in ("politics", "science", "travel", "food", "culture")),
    pages={
        "front": Page(("/",)),
        "section": Page(of=TOPIC),
        "article": Page(
            tuple(
                f"/{path}"
                for path in (
                    "science/why-cities-heat-up",
                    "science/a-battery-of-sand",
                    "travel/night-trains-are-back",
                    "food/bread-in-five-steps",
                    "culture/the-last-projectionist",
                    "politics/who-pays-for-rails",
                )
            ),
            acts=(_SHARE,),
        ),
        "video": Page(("/video/how-cities-cool", "/video/a-day-at-sea"), acts=(_WATCH, _SHARE)),
        "dossier": Page(("/dossier/energy", "/dossier/housing"), acts=(_LOAD,)),
    },
    next={
        "front": Weighted([(0.50, "article"), (0.16, "section"), (0.14, "video"), (0.20, "")]),
        "section": Weighted([(0.62, "article"), (0.10, "video"), (0.04, "dossier"), (0.24, "")]),
        "article": Weighted(
            [(0.26, "article"), (0.10, "section"), (0.09, "video"), (0.03, "dossier"), (0.52, "")]
        ),
        "video": Weighted([(0.30, "video"), (0.12, "article"), (0.58, "")]),
        "dossier": Weighted([(0.22, "article"), (0.78, "")]),
    },
    bounce=0.45,
    most_pages=12,
    dwell_ms=60_000,
    begins=Way(frozenset({"video_start"})),
    goes_on=Way(frozenset({"video_complete"})),
    events_per_visit=2.0,
    visits_per_visitor=3.2,
    rest_more_ms=30 * HOUR,
    rest_spread=1.4,
    rhythm=weekly(  # breakfast, lunch, and most in the evening
        by_hour=(
            *(0.50, 0.28, 0.18, 0.15, 0.22, 0.48, 0.98, 1.30, 1.22, 1.05, 1.02, 1.12),
            *(1.30, 1.15, 1.00, 0.98, 1.05, 1.22, 1.45, 1.68, 1.80, 1.70, 1.28, 0.85),
        ),
        by_weekday=(0.98, 0.96, 0.96, 0.97, 0.95, 1.05, 1.13),
    ),
)
