import pytest

from stream.agents.keys import KeyCheck
from stream.core.event import Event
from stream.engine.api import Chunk
from stream.engine.partitioner import partition_of

HOME = partition_of(b"v42", 8)
ELSEWHERE = (HOME + 1) % 8


def look(check: KeyCheck, key: bytes | None, partition: int) -> None:
    """Show the check a record of visitor v42."""
    check.look(Chunk("clicks", partition, [b"{}"], [key], [0], [12], 12, 13), 0, Event(visitor_id="v42"), 8)


@pytest.mark.parametrize(
    ("key", "partition"), [(b"v42", ELSEWHERE), (b'"v42"', ELSEWHERE), (None, HOME), (b"page", HOME)]
)
def test_what_is_keyed_by_visitor(
    key: bytes | None, partition: int, caplog: pytest.LogCaptureFixture
) -> None:
    """The visitor as key, whatever the partitioner; or the place where the usual one puts the visitor."""
    look(KeyCheck(partition_of), key, partition)

    assert caplog.records == []


@pytest.mark.parametrize(("key", "told"), [(None, "has no key"), (b"page-7", "has the key b'page-7'")])
def test_what_is_not(key: bytes | None, told: str, caplog: pytest.LogCaptureFixture) -> None:
    """One sentence, once, that names place, key, visitor and the option."""
    check = KeyCheck(partition_of)

    look(check, key, ELSEWHERE)
    look(check, key, ELSEWHERE)

    (warning,) = caplog.records
    assert warning.levelname == "WARNING"
    for part in ("clicks is not keyed by visitor", f"partition {ELSEWHERE}, offset 12", told, "'v42'"):
        assert part in warning.getMessage()
    assert 'set kafka.keyed_by = "none"' in warning.getMessage()
