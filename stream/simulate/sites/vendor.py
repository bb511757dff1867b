"""A seller of software: the catalogue of preset ``saas``.

People come by an ad, look around and leave; some come back days later by themselves, look at the prices, get
the software, and in the end ask for a demo.
"""

from stream.simulate.catalogue import Act, Channel, Coming, Page, Way, Weighted
from stream.simulate.people import devices
from stream.simulate.rhythm import weekly
from stream.simulate.site import Site
from stream.simulate.visit import HOUR, MINUTE

_GOOGLE = "https://www.google.com/"
_CHANNELS = Weighted(
    [
        (0.22, Channel("google", "cpc", "reporting_search", _GOOGLE, 1.2, landing="ad")),
        (0.06, Channel("google", "cpc", "brand_search", _GOOGLE, 1.6, landing="ad_home")),
        (0.05, Channel("bing", "cpc", "reporting_search", "https://www.bing.com/", 1.1, landing="ad_bing")),
        (0.12, Channel("linkedin", "paid_social", "finance_teams", "https://www.linkedin.com/", 0.8, "ad")),
        (0.26, Channel("google", "organic", "", _GOOGLE, 0.9)),
        (0.14, Channel("direct", "", "", "", 1.1)),
        (0.09, Channel("capterra", "referral", "", "https://www.capterra.example/", 1.4)),
        (0.06, Channel("youtube", "social", "", "https://www.youtube.com/", 0.5)),
    ]
)
_CHANNELS_BACK = Weighted(
    [
        (0.48, Channel("direct", "", "", "", 1.0)),
        (0.24, Channel("google", "organic", "", _GOOGLE, 1.0)),
        (0.20, Channel("newsletter", "email", "onboarding", "", 1.2)),
        (0.08, Channel("google", "cpc", "retargeting", _GOOGLE, 1.1, landing="ad")),
    ]
)

_INSTALLER = tuple(
    {"file_name": f"reports-setup.{kind}", "file_extension": kind, "link_url": f"/get/reports-setup.{kind}"}
    for kind in ("exe", "exe", "dmg")
)
_TRIAL, _DEMO = {"form_id": "trial"}, {"form_id": "demo"}

_GET = Act(
    "form_start",
    0.6,
    (4_000, 20_000),
    (_TRIAL,),
    keen=True,
    then=(
        Act(
            "form_submit",
            0.8,
            (15_000, 90_000),
            (_TRIAL,),
            then=(
                Act(
                    "page_view",
                    1.0,
                    (300, 2_000),
                    page="/download/thanks",
                    then=(Act("file_download", 0.92, (2_000, 15_000), _INSTALLER),),
                ),
            ),
        ),
    ),
)
_ASK = Act(
    "form_start",
    0.6,
    (5_000, 25_000),
    (_DEMO,),
    keen=True,
    then=(
        Act(
            "form_submit",
            0.6,
            (30_000, 3 * MINUTE),
            (_DEMO,),
            then=(
                # The page behind the form sends it, beside what the tracker makes of any form.
                Act(
                    "page_view",
                    1.0,
                    (300, 2_000),
                    page="/demo/thanks",
                    then=(Act("generate_lead", 1.0, (20, 400), ({"lead_source": "demo"},), value=85.0),),
                ),
            ),
        ),
    ),
)

VENDOR = Site(
    name="vendor",
    address="https://software.example",
    devices=devices(mobile=(0.22, 0.45), desktop=(0.74, 1.15), tablet=(0.04, 0.7)),
    variants=("yearly_first", "control"),
    first=Coming(
        _CHANNELS,
        Weighted([(0.50, "home"), (0.16, "features"), (0.24, "blog"), (0.10, "docs")]),
        habit=0.7,
    ),
    again=Coming(
        _CHANNELS_BACK,
        Weighted([(0.30, "home"), (0.24, "pricing"), (0.16, "docs"), (0.14, "download"), (0.16, "demo")]),
        habit=1.3,
    ),
    pages={
        "ad": Page(("/lp/reports-in-minutes", "/lp/leave-spreadsheets")),
        "ad_home": Page(("/?gclid=EAIaIQobChMI7d",)),
        "ad_bing": Page(("/features/dashboards?utm_medium=cpc&msclkid=5c31f2",)),
        "home": Page(("/",)),
        "features": Page(("/features/dashboards", "/features/alerts", "/features/sharing")),
        "pricing": Page(("/pricing", "/pricing", "/pricing/enterprise")),
        "download": Page(("/download",), acts=(_GET,)),
        "demo": Page(("/demo",), acts=(_ASK,)),
        "docs": Page(("/docs/start", "/docs/connect", "/docs/formulas")),
        "blog": Page(("/blog/month-end-in-an-hour", "/blog/what-to-measure")),
    },
    next={
        "ad": Weighted(
            [(0.26, "features"), (0.20, "pricing"), (0.10, "download"), (0.06, "home"), (0.38, "")]
        ),
        "ad_home": Weighted([(0.34, "features"), (0.30, "pricing"), (0.06, "download"), (0.30, "")]),
        "ad_bing": Weighted([(0.22, "features"), (0.24, "pricing"), (0.08, "download"), (0.46, "")]),
        "home": Weighted(
            [(0.34, "features"), (0.24, "pricing"), (0.06, "download"), (0.06, "docs"), (0.30, "")]
        ),
        "features": Weighted([(0.28, "features"), (0.24, "pricing"), (0.08, "download"), (0.40, "")]),
        "pricing": Weighted([(0.26, "download"), (0.14, "demo"), (0.18, "features"), (0.42, "")]),
        "download": Weighted([(0.22, "docs"), (0.22, "demo"), (0.56, "")]),
        "demo": Weighted([(0.15, "pricing"), (0.85, "")]),
        "docs": Weighted([(0.42, "docs"), (0.10, "pricing"), (0.12, "demo"), (0.36, "")]),
        "blog": Weighted([(0.24, "blog"), (0.14, "home"), (0.08, "features"), (0.54, "")]),
    },
    bounce=0.32,
    dwell_ms=35_000,
    begins=Way(frozenset({"form_start", "form_submit"})),
    goes_on=Way(
        frozenset({"form_start", "form_submit", "file_download", "generate_lead"}),
        ("/download/thanks", "/demo/thanks"),
    ),
    events_per_visit=2.6,
    visits_per_visitor=2.1,
    rest_more_ms=20 * HOUR,
    rest_spread=1.8,  # one in ten may be back within two hours, one in twelve not before ten days
    rhythm=weekly(  # office hours of working days
        by_hour=(
            *(0.20, 0.14, 0.12, 0.12, 0.18, 0.36, 0.80, 1.50, 2.10, 2.30, 2.20, 1.80),
            *(1.80, 2.20, 2.25, 2.00, 1.55, 1.05, 0.80, 0.75, 0.70, 0.60, 0.45, 0.30),
        ),
        by_weekday=(1.25, 1.35, 1.32, 1.26, 1.02, 0.38, 0.42),
    ),
    demo_pace=600,  # at that of the others nobody would be back within the time that a demo is looked at
)
