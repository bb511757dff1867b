"""What is wrong with a configuration may show only when it is used: where it is from is said then, too."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from stream.cli import cli

SMALL = '[[micro]]\nname = "share"\nevent = "share"\n'
NO_PASSWORD = '[kafka.auth]\nmechanism = "PLAIN"\npassword_file = "no-such-file"\n'
REFUSED = (
    "kafka.auth.password_file: no-such-file: No such file or directory; wanted: a file that can be read\n"
)


@pytest.mark.parametrize(
    ("verb", "text", "sentence"),
    [
        (["simulate", "--sessions", "1"], NO_PASSWORD, REFUSED),
        (["backfill", "my.toml"], NO_PASSWORD, REFUSED),
        (["check"], NO_PASSWORD, REFUSED),
        (["top", "--once"], "redis.url = 'http://h'\n", "redis.url: found scheme 'http'; wanted: redis://"),
    ],
)
def test_each_verb_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: list[str], text: str, sentence: str
) -> None:
    """Whichever verb comes upon it, the complaint begins with the file in which it is to be put right."""
    monkeypatch.chdir(tmp_path)
    Path("my.toml").write_text(text + SMALL)
    done = CliRunner().invoke(cli, [*verb, "-c", "my.toml"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"my.toml: {sentence}")


@pytest.mark.parametrize("verb", [["simulate", "--sessions", "1"], ["backfill", "my.toml"]])
def test_or_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: list[str]) -> None:
    """What the environment said is to be put right there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MICROCONV_KAFKA__AUTH__PASSWORD_FILE", "no-such-file")
    Path("my.toml").write_text(SMALL)
    done = CliRunner().invoke(cli, [*verb, "-c", "my.toml"])
    assert done.exit_code == 2
    assert done.stderr == f"environment MICROCONV_KAFKA__AUTH__PASSWORD_FILE: {REFUSED}"
