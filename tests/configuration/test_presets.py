"""The built-in configurations: their names, and what each measures, as the public surface says."""

from importlib import resources

import pytest

from stream.configuration import PRESETS, load
from stream.core.definition import SESSION, SESSION_FACTS, Definition
from stream.core.event import Event
from stream.core.plans import Plans

DAY = 86_400_000
MEASURES = {
    "ecommerce": (
        "browse.home",
        "browse.category",
        "browse.product_view",
        "checkout.product_view",
        "checkout.add_to_cart",
        "checkout.begin_checkout",
        "checkout.shipping",
        "checkout.order",
        "micro.newsletter",
        "micro.search",
        "micro.wishlist",
        "micro.share",
    ),
    "saas": ("trial.ad_click", "trial.pricing_view", "trial.download", "trial.demo_request"),
    "content": ("micro.video_start", "micro.video_complete", "micro.download", "micro.share"),
    "leads": ("lead.form_start", "lead.form_submit", "lead.schedule_call", "micro.pricing_guide"),
}
MACROS = {"ecommerce": ["order"], "saas": ["demo_request"], "content": [], "leads": ["schedule_call"]}
every_preset = pytest.mark.parametrize("preset", PRESETS)


def definition(preset: str) -> Definition:
    """Return what a preset measures."""
    return load(preset=preset, environ={}).definition()


def measured(preset: str, event: Event) -> set[str]:
    """Return the measures of which an event may be a step."""
    plans = Plans(definition(preset))
    plan = plans.by_kind(plans.kinds.of(event))
    steps = [step.measure for steps in (*plan.funnels, *plan.journey) for step in steps]
    return {plans.measures[measure] for measure in (*steps, *(micro.measure for micro in plan.micros))}


def test_the_names_are_a_closed_list() -> None:
    """The files beside the code are those that are named, and the first is what sentences propose."""
    files = {file.name for file in (resources.files("stream") / "presets").iterdir()}
    assert {name for name in files if name.endswith(".toml")} == {f"{preset}.toml" for preset in PRESETS}
    assert PRESETS == ("ecommerce", "saas", "content", "leads")


@every_preset
def test_measures_are_those_of_the_surface(preset: str) -> None:
    """Names of measures are what dashboards hold on to; so is which step is the goal."""
    found = definition(preset)
    assert found.measures() == (*MEASURES[preset], *(f"{SESSION}.{fact}" for fact in SESSION_FACTS))
    assert [step.name for f in found.funnels for step in f.steps if step.macro] == MACROS[preset]
    assert {micro.of for micro in found.micros} <= {SESSION}
    assert {"device", "source", "campaign", "user_type"} == {d.name for d in found.dimensions}


def test_the_trial_runs_across_sessions() -> None:
    """Of a vendor's visitors all sessions of thirty days are one attempt; all else is of one session."""
    (trial,) = definition("saas").funnels
    assert (trial.scope, trial.within_ms, trial.order) == ("visitor", 30 * DAY, "ordered")
    others = [funnel for preset in PRESETS if preset != "saas" for funnel in definition(preset).funnels]
    assert {funnel.scope for funnel in others} == {"session"}


@pytest.mark.parametrize(
    ("preset", "name", "page", "props", "measures"),
    [
        ("saas", "page_view", "/lp/reports", {}, {"trial.ad_click"}),
        ("saas", "page_view", "/?utm_medium=cpc&gclid=Cj0", {}, {"trial.ad_click"}),
        ("saas", "page_view", "/features?msclkid=5c3", {}, {"trial.ad_click"}),
        ("saas", "page_view", "/pricing?gclid=Cj0", {}, {"trial.ad_click", "trial.pricing_view"}),
        ("saas", "page_view", "/pricing/enterprise", {}, {"trial.pricing_view"}),
        ("saas", "page_view", "/blog/what-gclid=means", {}, set()),
        ("saas", "file_download", "/download/thanks", {}, {"trial.download"}),
        ("saas", "generate_lead", "/demo/thanks", {}, {"trial.demo_request"}),
        ("content", "file_download", "/dossier", {}, {"micro.download"}),
        ("leads", "file_download", "/prices", {"file_name": "pricing-guide.pdf"}, {"micro.pricing_guide"}),
        ("leads", "file_download", "/services", {"file_name": "brochure.pdf"}, set()),
        ("leads", "file_download", "/services", {}, set()),
    ],
)
def test_the_events_behind_the_names(
    preset: str, name: str, page: str, props: dict[str, str | int | float | bool | None], measures: set[str]
) -> None:
    """What trackers send is the step that it is meant to be, and nothing else is."""
    assert measured(preset, Event(name=name, page=page, props=props)) == measures
