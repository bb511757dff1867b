"""Configurations and what ``check`` tells of them, for its tests."""

from io import StringIO
from pathlib import Path

from rich.console import Console
from typer.testing import CliRunner, Result

from stream.check.facts import Facts, facts
from stream.check.view import as_text
from stream.cli import cli
from stream.configuration import find

EVERYTHING = """
[kafka]
events = ["site-events", "app-events"]
[redis]
url = "redis://shop:secret@redis.example.org:6380/2"
[windows]
sizes = ["5m", "1m", "3h", "10d"]
[dimensions]
device = { values = ["mobile", "desktop"], max_values = 5 }
plan = { field = "props.plan" }
both = { cross = ["device", "plan"], max_values = 30 }
[[funnel]]
name = "lead"
within = "45m"
reentry = "first"
steps = [
  { name = "form", event = "form_start", where = { page = ["/[a-z]*", "/offer"] } },
  { name = "sent", event = "form_submit", within = "90s", optional = true },
  { name = "call", event = "schedule_call", macro = true },
]
[[micro]]
name = "guide"
event = "file_download"
of = "lead.form"
"""
ACTION = '[[micro]]\nname = "share"\nevent = "share"\n'


def run(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(cli, ["check", *arguments])


def written(tmp_path: Path, text: str) -> str:
    """Return the name of a file with this text."""
    file = tmp_path / "my.toml"
    file.write_text(text)
    return str(file)


def told(tmp_path: Path, text: str) -> Facts:
    """Return the facts of a file with this text."""
    return facts(find(written(tmp_path, text), environ={}))


def printed(found: Facts, width: int = 80) -> str:
    """Return what people see, each run of blanks as one."""
    screen = Console(file=StringIO(), width=width, highlight=False)
    screen.print(as_text(found))
    assert isinstance(screen.file, StringIO)
    text = screen.file.getvalue()
    assert max(map(len, text.splitlines())) <= width
    return " ".join(text.split())
