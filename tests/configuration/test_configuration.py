"""The configuration: where it is found, what overrides what, and sentences that help."""

from pathlib import Path

import pytest

from stream.configuration import ConfigurationError, load
from stream.core.definition import Condition, Definition, Dimension, Micro
from stream.core.event import LABEL_FIELDS, Event
from stream.core.labels import LabelReader
from stream.core.plans import Plans
from stream.units import duration_ms, duration_text

SMALL = '[[micro]]\nname = "share"\nevent = "share"\n'
FUNNEL = "[[funnel]]\nname = 'f'\nsteps = [{ name = 'a', event = 'a' }, { name = 'b', event = 'b' }]\n"


def refused(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> str:
    """Return the sentence with which a file is refused."""
    file = tmp_path / "my.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as error:
        load(str(file), environ=environ or {})
    return str(error.value).replace(str(file), "FILE")


def test_file_then_variable_then_default_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is named comes before MICROCONV_CONFIG, and that before ./microconv.toml."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b", "microconv"):
        (tmp_path / f"{name}.toml").write_text(f'kafka.group = "{name}"\n{SMALL}')
    assert load("a.toml", environ={"MICROCONV_CONFIG": "b.toml"}).kafka.group == "a"
    assert load(environ={"MICROCONV_CONFIG": "b.toml"}).kafka.group == "b"
    assert load(environ={}).kafka.group == "microconv"


def test_a_variable_that_names_no_file_is_named(tmp_path: Path) -> None:
    """Who did not say which file to read is told where that was said; who did knows."""
    (missing, variable) = (str(tmp_path / "none.toml"), "environment MICROCONV_CONFIG: ")
    for file, begins in ((None, f"{variable}{missing}: cannot be read (No such"), (missing, f"{missing}: ")):
        with pytest.raises(ConfigurationError) as error:
            load(file, environ={"MICROCONV_CONFIG": missing})
        assert str(error.value).startswith(begins)


def test_the_environment_overrides(tmp_path: Path) -> None:
    """MICROCONV_<SECTION>__<KEY> wins over the file, in every type, also inside nested tables."""
    file = tmp_path / "c.toml"
    file.write_text(f"web.port = 1\n{SMALL}")
    settings = load(
        str(file),
        environ={
            "MICROCONV_WEB__PORT": "7000",
            "MICROCONV_KAFKA__EVENTS": '["a", "b"]',
            "MICROCONV_KAFKA__AUTH__TLS": "true",
            "MICROCONV_SESSIONS__TIMEOUT": "20m",
            "MICROCONV_KAFKA__GROUP": "7",
            "UNRELATED__X": "1",
        },
    )
    assert settings.web.port == 7000
    assert settings.kafka.events == ["a", "b"]
    assert settings.kafka.auth.tls
    assert settings.sessions.timeout == 1_200_000
    assert settings.kafka.group == "7"


def test_without_any_configuration_it_says_how_to_give_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing found is an error that names all ways."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=r"-c FILE, --preset NAME.*MICROCONV_CONFIG"):
        load(environ={})


@pytest.mark.says("and no `micro.*` is of them.")
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x =", "FILE: not TOML: "),
        (
            "[kafka]\nbrokerz = 'x'",
            "FILE: kafka.brokerz: found a key that is not known here; wanted: one of brokers",
        ),
        ("[sessions]\ntimeout = 'soon'", "FILE: sessions.timeout: found 'soon'; wanted: a duration such as"),
        ("[windows]\npane = '7s'", "wanted: pane: a divisor of one minute, such as 10s"),
        ("[windows]\nsizes = ['90s']", "sizes: whole minutes"),
        ("[windows]\nsizes = ['8d', '11521m']", "sizes: whole hours if longer than 8d, not 11521m"),
        (
            "[pages]\ngroups = { product = [] }",
            "FILE: pages.groups: found {'product': []}; wanted: product: found []; wanted: a path or several",
        ),
        ("[pages]\ngroups = { '__other__' = '/x' }", "FILE: pages.groups.__other__"),
        ("[pages]\nmax_values = 0", "FILE: pages.max_values: found 0; wanted: "),
        ("[[micro]]\nname = 'A B'\nevent = 'x'", "FILE: micro.0.name: found 'A B'"),
        ("[[micro]]\nname = 'a'", "FILE: micro.0.event: found nothing; wanted: a value"),
        ("[[micro]]\nname = 'a'\nevent = 'a'\nwhere = { page = [] }", "of 'page' at least one pattern"),
        (
            "[[micro]]\nname = 'a'\nevent = 'a'\nof = 'b.c'",
            "micro: 'a' is of 'b.c'; wanted in 'of': one of session",
        ),
        ("[web]\nport = 99999", "FILE: web.port: found 99999; wanted: less than or equal to 65535"),
        ("[web]\nport = 'many'", "FILE: web.port: found 'many'; wanted: a whole number"),
        ("[kafka]\nformat = 'ga4'", "FILE: kafka.format: found 'ga4'; wanted: 'auto' or 'canonical'"),
        ("[kafka]\ngroup = 'a b'", "FILE: kafka.group: found 'a b'; wanted: text of the form ^[A-Za"),
        ("[kafka]\nevents = []", "FILE: kafka.events: found []; wanted: one item or more"),
        ("dimensions = 3", "FILE: dimensions: found 3; wanted: a table"),
        (
            f"{SMALL}where = {{ page = 3 }}",
            "FILE: micro.0.where.page: found 3; wanted: text or a list of text",
        ),
        ("", "nothing to measure"),
        (f"{SMALL}{SMALL}", "micro: the name 'share' is given twice"),
        (f"{SMALL}[[alert]]\nname = 'x'\nwatch = ['a.b']", "alert: 'x' names 'a.b', which is not measured"),
        (
            f"{SMALL}[[alert]]\nname = 'x'\nwatch = ['micro.*']\nsegments = ['tv']",
            "segment 'tv', which is no dimension",
        ),
        (f"{SMALL}[[audience]]\nname = 'x'\nentered = 'a.b'", "audience: 'x' names 'a.b'"),
        (f"{SMALL}[dimensions]\nboth = {{ cross = ['a', 'b'] }}", "both: cross names at least two declared"),
        (
            f"{SMALL}where = {{ wether = 'x' }}",
            "FILE: micro.0.where: found {'wether': 'x'}; wanted: not 'wether'",
        ),
        (f"{SMALL}where = {{ 'props.' = 'x' }}", "a field of events: page, referrer, "),
        (f"{SMALL}[dimensions]\nweather = {{}}", "weather: not 'weather' but a field of events: page, "),
        (f"{SMALL}[dimensions]\nprice = {{ field = 'value' }}", "price: not 'value' but a field of events"),
        (
            f"{SMALL}[[funnel]]\nname = 'f'\norder = 'loose'\nsteps = [{{ name = 'a', event = 'a' }}]",
            "funnel.0.order",
        ),
        (
            f"{SMALL}[[funnel]]\nname = 'f'\nsteps = [{{ name = 'a', event = 'a', optional = true }}]",
            "never optional",
        ),
        (
            "".join(SMALL.replace("'", "").replace("share", f"m{n}") for n in range(61)),
            "61 measures; at most 60",
        ),
        (
            "".join(
                f"[[micro]]\nname = 'm{n}'\nevent = 'e'\nwhere = {{ page = '/{n}' }}\n" for n in range(41)
            ),
            "41 different 'where' on events 'e'; at most 40",
        ),
        (f"{FUNNEL}order = 'unordered'\nreentry = 'first'", "in any order there is no first entry"),
        (f"{FUNNEL}order = 'unordered'\nexclude = [{{ event = 'x' }}]", "not with order = 'unordered'"),
        (f"{FUNNEL}exclude = [{{ event = 'x', from = 'c' }}]", "from = 'c'; wanted: a step of it: a, b"),
        (
            f"{FUNNEL}exclude = [{{ event = 'x', from = 'b' }}]",
            "from 'b' to 'b'; wanted: a step, and a later",
        ),
        (f"{FUNNEL}exclude = [{{ event = 'x', until = 'b' }}]", "event, where, from, to"),
        (f"{FUNNEL}scope = 'visitor'\norder = 'strict'", "with scope = 'visitor' wanted: ordered"),
        (
            f"{FUNNEL}scope = 'visitor'\n[[micro]]\nname = 'm'\nevent = 'm'\nof = 'f.a'",
            "which runs across sessions; wanted: a measure of one session",
        ),
        (f"{SMALL}where = {{ value = '> ten' }}", "'> ten'; wanted: comparisons of numbers, such as '>= 10'"),
        (f"{SMALL}where = {{ 'props.n' = ['a', '>= 1 <'] }}", "'>= 1 <'; wanted: comparisons of numbers"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, sentence: str) -> None:
    """A mistake is named by file and key, with what was found and what is wanted."""
    assert sentence in refused(tmp_path, text)


@pytest.mark.parametrize("field", [*LABEL_FIELDS, "props.plan"])
def test_every_field_that_is_accepted_can_be_read(field: str) -> None:
    """What a dimension or a ``where`` may name can be read from any event, also beside other dimensions."""
    event = Event(name="share", time=1, visitor_id="v", event_id="e", value=2.5)
    dimensions = (Dimension("device", "device"), Dimension("other", field))
    assert len(LabelReader(dimensions).of(event)) == 2
    for readable in (field, "value"):
        micro = Micro("share", "share", (Condition(readable, ("x", "y*")),))
        plans = Plans(Definition(micros=(micro,)))
        assert plans.by_kind(plans.kinds.of(event)).mask == 0


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    """What came from the environment is not blamed on the file."""
    assert "environment MICROCONV_WEB__PORT: web.port: found 'many'" in refused(
        tmp_path, SMALL, {"MICROCONV_WEB__PORT": "many"}
    )


def test_each_mistake_is_said_once(tmp_path: Path) -> None:
    """All mistakes are told at a time, a line each, also where a value could have been of several types."""
    text = refused(tmp_path, f"{SMALL}where = {{ page = 3 }}\n[web]\nport = 'x'\n[redis]\nurl = 5")
    assert [line.split(": ")[1] for line in text.splitlines()] == [
        "redis.url",
        "web.port",
        "micro.0.where.page",
    ]


def test_a_variable_too_deep_is_named(tmp_path: Path) -> None:
    """A table that only a variable has made is blamed on it."""
    assert refused(tmp_path, SMALL, {"MICROCONV_WEB__PAGES__TOP": "1"}).startswith(
        "environment MICROCONV_WEB__PAGES__TOP: web.pages: found a key that is not known here"
    )


def test_durations_read_and_written() -> None:
    """Durations are read with any unit, and a window's size is written as people configure it."""
    assert [duration_ms(text) for text in ("10s", "1h30m", "8d", "250ms")] == [
        10_000,
        5_400_000,
        691_200_000,
        250,
    ]
    assert [duration_text(ms) for ms in (60_000, 86_400_000, 604_800_000, 90_000)] == [
        "1m",
        "24h",
        "7d",
        "90s",
    ]


def test_only_what_decides_about_state_is_in_the_fingerprint() -> None:
    """Other measures are another definition; another lateness or other window sizes are not."""
    shop = load(preset="ecommerce", environ={})
    same = load(
        preset="ecommerce",
        environ={"MICROCONV_TIME__ALLOWED_LATENESS": "1h", "MICROCONV_WINDOWS__SIZES": '["1m"]'},
    )
    other = load(preset="ecommerce", environ={"MICROCONV_SESSIONS__TIMEOUT": "10m"})
    assert shop.definition().fingerprint() == same.definition().fingerprint()
    assert shop.definition().fingerprint() != other.definition().fingerprint()
    assert Definition().fingerprint() != shop.definition().fingerprint()
