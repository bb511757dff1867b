"""What is not sent when conversions across sessions are dropped: traffic of weeks, by the batch."""

import json
from dataclasses import replace
from math import sqrt

import pytest

from stream.configuration import load
from stream.simulate.command import simulate
from stream.simulate.disorder import EVERYDAY, IN_ORDER, Arrival, Disorder, arrivals
from stream.simulate.drop import drop_of
from stream.simulate.loss import Losses
from stream.simulate.sites import VENDOR
from stream.simulate.traffic import Traffic
from tests.oracle import Rows
from tests.simulate.test_loss import counted, is_part_of

START = 1_767_571_200_000  # 2026-01-05, a Monday
DAY = 86_400_000
SAAS = load(preset="saas", environ={}).definition()
TRAFFIC = Traffic(start_ms=START, rate=0.013, sessions=12_000, seed=3, site=VENDOR)
"""Four weeks."""
NOBODY = {"actions": 0}
FROM, UNTIL = START + 8 * DAY, START + 20 * DAY
DROP = "trial.download@device=desktop:{}:8d:12d"


def sent(*drops: str, disorder: Disorder = IN_ORDER) -> tuple[list[Arrival], Losses]:
    """Return the records of the traffic with drops, and what was lost."""
    losses = Losses([drop_of(text, SAAS, START, VENDOR) for text in drops], SAAS, TRAFFIC.seed, VENDOR)
    return list(arrivals(TRAFFIC, disorder, losses)), losses


@pytest.fixture(scope="module")
def calm() -> tuple[list[Arrival], Rows]:
    """The traffic with nothing dropped, and its counts."""
    records, _ = sent()
    return records, counted(records, SAAS)


def actions(rows: Rows, measure: str, segment: str, from_ms: int, until_ms: int) -> int:
    """Return how many attempts of a segment reached a measure in some time."""
    return sum(
        row["actions"]
        for (name, of, size, start), row in rows.items()
        if (name, of, size) == (measure, segment, "1h") and from_ms <= start < until_ms
    )


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_rate_falls_by_the_share_there_and_nowhere_else(
    calm: tuple[list[Arrival], Rows], share: float
) -> None:
    """By the batch: in its time as many attempts of the segment less as the share says, within 4 sigma.

    Other segments have the rows that they had, and so has what happened before.
    """
    whole, before = calm
    records, losses = sent(DROP.format(share))
    after = counted(records, SAAS)
    assert is_part_of(records, whole)

    time = "trial.download", "device=desktop", FROM, UNTIL
    usual, now = actions(before, *time), actions(after, *time)
    assert usual > 40
    assert losses.rules[0].struck == usual - now
    assert abs(usual - now - share * usual) <= 4 * sqrt(usual * share * (1 - share))
    for key, row in before.items():
        _, segment, _, start = key
        if segment in ("device=mobile", "device=tablet"):
            assert after.get(key) == row, key
        elif start < FROM:  # of who came before it some would have converted in its time
            assert after.get(key, NOBODY)["actions"] == row["actions"], key
    assert actions(after, "trial.demo_request", *time[1:]) < actions(before, "trial.demo_request", *time[1:])


def test_only_the_step_and_what_follows_it_go(calm: tuple[list[Arrival], Rows]) -> None:
    """What is left is byte for byte what it was; downloads and demos go, some of these in a later visit."""
    whole, _ = calm
    left = set(sent(DROP.format(1))[0])
    gone = [json.loads(record.value) for record in whole if record not in left]
    assert {fields["name"] for fields in gone} == {"file_download", "generate_lead"}
    assert {fields["device"] for fields in gone} == {"desktop"}
    assert all(FROM <= fields["time"] < UNTIL for fields in gone if fields["name"] == "file_download")
    downloads = {fields["session_id"] for fields in gone if fields["name"] == "file_download"}
    downloaders = {fields["visitor_id"] for fields in gone if fields["name"] == "file_download"}
    demos = [fields for fields in gone if fields["name"] == "generate_lead"]
    assert {fields["visitor_id"] for fields in demos} <= downloaders
    assert any(fields["session_id"] not in downloads for fields in demos)


def test_more_is_the_same_and_more(calm: tuple[list[Arrival], Rows]) -> None:
    """A larger share strikes the attempts of a smaller one, too; of any step."""
    whole = set(calm[0])
    for measure in ("trial.ad_click", "trial.pricing_view", "trial.download"):
        lost = [whole - set(sent(f"{measure}:{share}:2d:20d")[0]) for share in (0.3, 0.6)]
        assert lost[0] < lost[1]


def test_no_attempt_opens_at_a_first_step_that_is_dropped(calm: tuple[list[Arrival], Rows]) -> None:
    """Of the segment there is no attempt from then on, and of others what there was."""
    _, before = calm
    after = counted(sent("trial.ad_click@device=mobile:1:8d")[0], SAAS)
    assert actions(before, "trial.ad_click", "device=mobile", FROM, UNTIL) > 100
    assert actions(after, "trial.ad_click", "device=mobile", FROM, UNTIL) == 0
    for key, row in before.items():
        measure, segment, _, start = key
        if segment in ("device=desktop", "device=tablet"):
            assert after.get(key) == row, key
        elif measure.startswith("trial.") and start < FROM:
            assert after.get(key) == row, key  # who had begun may go on


def test_everyday_disorder_stays_what_it_was() -> None:
    """Late, doubled, skewed and broken records beside the lost ones arrive as without."""
    disorder = replace(EVERYDAY, late=0.1, invalid=0.02)
    whole, _ = sent(disorder=disorder)
    records, losses = sent(DROP.format(1), disorder=disorder)
    assert losses.rules[0].struck > 30
    assert is_part_of(records, whole)
    assert len(records) < len(whole)


def test_it_is_told_how_many_attempts_did_not_convert(capfd: pytest.CaptureFixture[str]) -> None:
    """At the end the command speaks of attempts where a drop is of a funnel across sessions."""
    text = "trial.pricing_view:1:0"
    settings = load(preset="saas", environ={})
    assert simulate(settings, sessions=300, start="2026-01-05", to="-", drops=[text], preset="saas") == 0
    said = capfd.readouterr().err.splitlines()[-1]
    assert said.startswith(f"--drop {text}: ")
    assert said.endswith(" attempts did not convert")
    assert int(said.removeprefix(f"--drop {text}: ").split()[0]) > 10
