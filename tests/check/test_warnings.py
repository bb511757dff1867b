"""What ``check`` warns of: too much to watch, what has no effect, and what this version does not do."""

from pathlib import Path

import pytest

from stream.check.facts import facts
from stream.configuration import find
from tests.check.telling import ACTION, EVERYTHING, printed, run, told, written


def test_the_shop_has_ten_micro_conversions() -> None:
    """The preset is just not too much: four actions and six later steps, of which the order is the goal."""
    found = facts(find(preset="ecommerce", environ={}))
    assert (found.micro_conversions.actions, found.micro_conversions.steps) == (4, 6)
    assert found.micro_conversions.macros == ("checkout.order",)
    assert "micro-conversions 10 (advised: up to 10) = 4 secondary actions + 6 funnel steps" in printed(found)
    assert not [doubt for doubt in found.warnings if "micro-conversions" in doubt.text]


@pytest.mark.parametrize(("actions", "too_many"), [(8, False), (9, True)])
def test_more_than_ten_are_warned_of(tmp_path: Path, actions: int, too_many: bool) -> None:
    """Beyond ten micro-conversions it says how many there are and what another costs; it stays valid."""
    funnel = EVERYTHING.split("[[micro]]")[0]
    text = funnel + "".join(ACTION.replace("share", f"m{n}") for n in range(actions))
    warned = "warning" in run("-c", written(tmp_path, text)).stdout
    assert warned == too_many
    assert run("-c", written(tmp_path, text)).exit_code == 0
    if too_many:
        (doubt,) = told(tmp_path, text).warnings
        assert "11 micro-conversions (9 micro.*, 2 funnel steps after the first)" in doubt.text
        assert "attention" in doubt.text
        assert "up to 244 Redis hashes" in doubt.text, "4 windows x 61 segments"


def test_what_is_not_done_yet_is_said() -> None:
    """What the configuration asks for and this version does not do is warned of, by name."""
    found = facts(find(preset="ecommerce", environ={}))
    not_done = "not done by this version:"
    assert {key: doubt.text for doubt in found.warnings for key in doubt.keys} == {
        "audience.cart_abandoners": f"{not_done} no audiences are kept",
        "audience.checkout_abandoners": f"{not_done} no audiences are kept",
        "alert.shop falls": f"{not_done} falls are not judged; of what is watched,"
        " closed minutes are kept in Redis",
    }
    assert "warning not done by this version: no audiences are kept" in printed(found)


def test_weights_that_no_session_can_earn_are_warned_of(tmp_path: Path) -> None:
    """A funnel across sessions adds to no session's score, so a weight in it is not what somebody meant."""
    steps = '[{ name = "a", event = "a" }, { name = "b", event = "b", weight = 0.5 }]'
    text = f'[[funnel]]\nname = "f"\nscope = "session"\nsteps = {steps}\n'
    assert told(tmp_path, text).warnings == ()
    (doubt,) = told(tmp_path, text.replace("session", "visitor")).warnings
    assert doubt.keys == ("funnel.f.b.weight",)
    assert "a [[micro]] with the same event can" in doubt.text


@pytest.mark.parametrize(
    ("pattern", "never"),
    [
        (">= 10 < 5", True),
        ("> 5 < 5", True),
        (">= 5 < 5", True),
        ("<1>2", True),
        (">= 5 <= 5", False),
        ("> 4 < 5", False),
        ("> 100000000000000000", False),
        ("< 1 < 5 > -3", False),
        (">= 10 < 5x", None),
        ("5", False),
    ],
)
def test_comparisons_that_contradict_each_other_are_warned_of(
    tmp_path: Path, pattern: str, never: bool | None
) -> None:
    """No number is at least 10 and less than 5: what waits for one waits for ever, wherever it stands."""
    where = f'where = {{ value = ["7", "{pattern}"], page = "{pattern}" }}'
    steps = f'[{{ name = "a", event = "a" }}, {{ name = "b", event = "b", {where} }}]'
    funnel = f'[[funnel]]\nname = "f"\nsteps = {steps}\nexclude = [{{ event = "x", {where} }}]\n'
    text = f"{ACTION}{where}\n{funnel}"
    if never is None:
        assert "comparisons of numbers" in run("-c", written(tmp_path, text)).stderr
        return
    found = {doubt.keys: doubt.text for doubt in told(tmp_path, text).warnings}
    keys = ["micro.share.where.value", "funnel.f.b.where.value", "funnel.f.exclude.x.where.value"]
    assert found == ({(key,): f"{pattern!r} holds for no number" for key in keys} if never else {})


def test_a_funnel_that_outlasts_its_session_is_warned_of(tmp_path: Path) -> None:
    """A session is cut at `max_length`: a longer `within` is of no use, unless the funnel outlasts it."""
    steps = '[{ name = "a", event = "a" }, { name = "b", event = "b" }]'
    text = f'[[funnel]]\nname = "f"\nwithin = "2d"\nsteps = {steps}\n'
    (doubt,) = told(tmp_path, text).warnings
    assert doubt.keys == ("funnel.f.within",)
    assert doubt.text.startswith("2d is longer than any session (sessions.max_length = 24h)")
    assert told(tmp_path, text.replace("2d", "24h")).warnings == ()
    assert told(tmp_path, f'{text}scope = "visitor"\n').warnings == ()
    assert told(tmp_path, f'{text}[sessions]\nmax_length = "2d"\n').warnings == ()


def test_a_cross_of_a_dimension_with_itself_is_warned_of(tmp_path: Path) -> None:
    """`mobile/mobile` tells no more than `mobile`, and takes the room of segments."""
    text = f'{ACTION}[dimensions]\ndevice = {{}}\nsource = {{}}\nboth = {{ cross = ["device", "source"] }}\n'
    assert told(tmp_path, text).warnings == ()
    (doubt,) = told(tmp_path, text.replace('"source"]', '"source", "device"]')).warnings
    assert doubt.keys == ("dimensions.both",)
    assert doubt.text.startswith("'device' is crossed with itself")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/p/", "/p"),
        ("/p/*/", "/p/*"),
        ("https://shop.example/p/*", "/p/*"),
        ("/p#top", "/p"),
        ("/p/*", None),
        ("/", None),
        ("*", None),
        ("/p/[0-9]", None),
        ("/p?", None),
    ],
)
def test_groups_of_pages_that_fit_none_are_warned_of(tmp_path: Path, pattern: str, path: str | None) -> None:
    """Pages have no site, no query and no slash at their end: a pattern that has waits for ever."""
    warnings = told(tmp_path, f'{ACTION}[pages]\ngroups = {{ product = "{pattern}" }}\n').warnings
    said = [doubt.text for doubt in warnings if doubt.keys == ("pages.groups.product",)]
    assert [f"wanted: such as {path!r}" in text for text in said] == ([] if path is None else [True])


def test_what_is_not_asked_for_is_not_warned_of(tmp_path: Path) -> None:
    """Defaults are no wish: a small configuration has no warnings, nor has what is done; the rest has one."""
    assert told(tmp_path, ACTION).warnings == ()
    assert told(tmp_path, f"{ACTION}weight = 0.3\n").warnings == ()
    (doubt,) = told(tmp_path, f'{ACTION}[[notify]]\nurl = "http://localhost"\n').warnings
    assert doubt.keys == ("notify",)
