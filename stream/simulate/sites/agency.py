"""An agency that wants to be called: the catalogue of preset ``leads``.

Visitors read about services and cases; some fill in the form, and then make an appointment in the calendar
that they are shown. Some only take the guide to the prices along.
"""

from stream.simulate.catalogue import Act, Channel, Coming, Page, Way, Weighted
from stream.simulate.people import devices
from stream.simulate.rhythm import weekly
from stream.simulate.site import Site
from stream.simulate.visit import HOUR, MINUTE

_GOOGLE = "https://www.google.com/"
_CHANNELS = Weighted(
    [
        (0.34, Channel("google", "organic", "", _GOOGLE, 1.0)),
        (0.20, Channel("google", "cpc", "roof_renovation", _GOOGLE, 1.3, landing="service")),
        (0.10, Channel("google", "cpc", "brand_search", _GOOGLE, 1.6)),
        (0.16, Channel("direct", "", "", "", 1.2)),
        (0.08, Channel("facebook", "paid_social", "before_after", "https://m.facebook.com/", 0.5, "case")),
        (0.07, Channel("houzz", "referral", "", "https://www.houzz.example/", 1.2, landing="case")),
        (0.05, Channel("newsletter", "email", "spring_offer", "", 1.3)),
    ]
)

_CONTACT = {"form_id": "contact", "form_name": "Ask for an offer"}
_CALL = Act("schedule_call", 0.38, (15_000, 3 * MINUTE), ({"calendar": "first_call"},), value=140.0)
_FORM = Act(
    "form_start",
    0.55,
    (4_000, 40_000),
    (_CONTACT,),
    keen=True,
    then=(
        Act(
            "form_submit",
            0.48,
            (40_000, 5 * MINUTE),
            (_CONTACT,),
            then=(Act("page_view", 1.0, (200, 1_500), page="/contact/thanks", then=(_CALL,)),),
        ),
    ),
)


def _file(name: str) -> tuple[dict[str, str]]:
    return ({"file_name": f"{name}.pdf", "file_extension": "pdf", "link_url": f"/files/{name}.pdf"},)


AGENCY = Site(
    name="agency",
    address="https://agency.example",
    devices=devices(mobile=(0.52, 0.8), desktop=(0.42, 1.25), tablet=(0.06, 1.0)),
    variants=("short_form", "control"),
    first=Coming(
        _CHANNELS,
        Weighted([(0.44, "home"), (0.28, "service"), (0.14, "case"), (0.08, "prices"), (0.06, "contact")]),
        habit=0.85,
    ),
    again=Coming(
        _CHANNELS,
        Weighted([(0.38, "home"), (0.12, "service"), (0.10, "case"), (0.18, "prices"), (0.22, "contact")]),
        habit=1.4,
    ),
    pages={
        "home": Page(("/",)),
        "service": Page(
            ("/services/roofs", "/services/facades", "/services/interiors"),
            acts=(Act("file_download", 0.03, (10_000, 60_000), _file("brochure-2026")),),
        ),
        "case": Page(("/cases/town-hall", "/cases/farmhouse", "/cases/bakery")),
        "prices": Page(
            ("/prices",),
            acts=(Act("file_download", 0.3, (8_000, 50_000), _file("pricing-guide-2026"), keen=True),),
        ),
        "contact": Page(("/contact",), acts=(_FORM,)),
    },
    next={
        "home": Weighted(
            [(0.40, "service"), (0.14, "case"), (0.10, "prices"), (0.10, "contact"), (0.26, "")]
        ),
        "service": Weighted(
            [(0.22, "service"), (0.16, "case"), (0.14, "prices"), (0.12, "contact"), (0.36, "")]
        ),
        "case": Weighted([(0.30, "case"), (0.16, "service"), (0.10, "contact"), (0.44, "")]),
        "prices": Weighted([(0.24, "contact"), (0.14, "service"), (0.62, "")]),
        "contact": Weighted([(0.10, "home"), (0.90, "")]),
    },
    bounce=0.4,
    dwell_ms=30_000,
    begins=Way(frozenset({"form_start", "form_submit"})),
    goes_on=Way(frozenset({"form_start", "form_submit", "schedule_call"}), ("/contact/thanks",)),
    events_per_visit=2.07,
    visits_per_visitor=1.6,
    rest_more_ms=12 * HOUR,
    rest_spread=1.6,
    rhythm=weekly(  # the day's work, and the evening at home
        by_hour=(
            *(0.25, 0.15, 0.12, 0.12, 0.18, 0.40, 0.85, 1.20, 1.45, 1.60, 1.60, 1.45),
            *(1.40, 1.45, 1.45, 1.35, 1.30, 1.30, 1.40, 1.45, 1.40, 1.10, 0.70, 0.40),
        ),
        by_weekday=(1.18, 1.14, 1.10, 1.05, 0.90, 0.74, 0.89),
    ),
)
