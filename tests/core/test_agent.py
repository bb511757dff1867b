"""User agents: which are programs, and what devices the others have."""

import pytest

from stream.core.agent import DEVICES, device_of, is_bot
from stream.core.definition import Condition, Definition, Dimension, Exclusion, Funnel, Micro, Step
from stream.core.reads import fields_read
from stream.simulate.sites import SHOP

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0"

TOLD = [
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Mobile/15E148 [FBAN/FBIOS]", "mobile"),
    (f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36", "mobile"),
    ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "mobile"),
    ("MyShop/3.2 (iPhone; iOS 18.1; Scale/3.00)", "mobile"),
    ("Opera/9.80 (J2ME/MIDP; Opera Mini/7.1/28.3590) Presto/2.8.119", "mobile"),
    ("Mozilla/5.0 (Mobile; rv:26.0) Gecko/26.0 Firefox/26.0", "mobile"),
    ("Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) Version/16.6 Mobile/15E148 Safari/604.1", "tablet"),
    (f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Safari/537.36", "tablet"),
    ("Mozilla/5.0 (Android 15; Tablet; rv:140.0) Gecko/140.0 Firefox/140.0", "tablet"),
    ("Mozilla/5.0 (Linux; Android 9; KFMAWI) Silk/80.3 like Chrome/80.0 Safari/537.36", "tablet"),
    (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/138.0.0.0", "desktop"),
    (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {CHROME} Safari/537.36", "desktop"),
    (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36", "desktop"),
    ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "desktop"),
    ("Mozilla/5.0 (SMART-TV; LINUX; Tizen 5.0) Version/5.0 TV Safari/537.36", "tv"),
    ("Mozilla/5.0 (Web0S; Linux/SmartTV) Chrome/79.0 Safari/537.36 WebAppManager", "tv"),
    (f"Mozilla/5.0 (Linux; Android 11; AFTKA) {CHROME} Safari/537.36", "tv"),
    ("Roku/DVP-9.10 (519.10E04111A)", "tv"),
    ("Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) NintendoBrowser/5.1.0.13343", ""),
    ("hello", ""),
    ("\x00" * 1_000, ""),
]


@pytest.mark.parametrize(("user_agent", "device"), TOLD)
def test_devices_are_told(user_agent: str, device: str) -> None:
    """Each class of device is told, or nothing; and none of these is taken for a program."""
    assert device_of(user_agent) == device
    assert device in ("", *DEVICES)
    assert not is_bot(user_agent)


def test_the_shop_says_what_its_user_agents_say() -> None:
    """What the simulated shop calls its devices is what their user agents tell."""
    for device in SHOP.devices.rows:
        assert {device_of(user_agent) for user_agent in device.user_agents} == {device.name}


@pytest.mark.parametrize(
    "user_agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        f"Mozilla/5.0 (Linux; Android 6.0; Nexus) {CHROME} Mobile Safari/537.36 (compatible; Googlebot/2.1)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/119.0 Safari/537.36",
        "curl/8.5.0",
        "python-requests/2.31",
    ],
)
def test_programs_are_told(user_agent: str) -> None:
    """Crawlers, headless browsers and libraries of programs are bots, whatever else they say."""
    assert is_bot(user_agent)


def test_what_a_definition_reads_is_found_wherever_it_stands() -> None:
    """Fields of conditions, wherever these are, and of dimensions; a cross has none of its own."""
    definition = Definition(
        funnels=(
            Funnel(
                "f",
                (Step("a", "a"), Step("b", "b")),
                exclusions=(Exclusion("x", (Condition("device", ("tv",)),), 0, 1),),
            ),
        ),
        micros=(Micro("m", "m", (Condition("props.plan", ("x",)), Condition("page", ("/",)))),),
        dimensions=(Dimension("from", "channel"), Dimension("both", cross=("from", "from"))),
    )
    assert fields_read(definition) == {"props.plan", "page", "device", "channel"}
