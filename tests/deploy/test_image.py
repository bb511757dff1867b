import os
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hatch_build import ASKED
from stream.embedded import free_port
from tests.deploy.files import ROOT

# One instruction a line, continued lines joined.
INSTRUCTIONS = re.findall(
    r"^([A-Z]+) (.+)$", (ROOT / "Dockerfile").read_text().replace("\\\n", " "), re.MULTILINE
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def instructions(kind: str) -> list[str]:
    """Return the arguments of the Dockerfile's instructions of a kind."""
    return [arguments for found, arguments in INSTRUCTIONS if found == kind]


@contextmanager
def health_page(status: int) -> Iterator[int]:
    """Serve ``/health`` with a status; give the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health" else 404)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class names it
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def is_sent(name: str) -> bool:
    """Tell whether .dockerignore lets a path through, as Docker does: the last rule that fits decides."""
    sent = True
    for rule in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = rule.removeprefix("!").removeprefix("**/")
        below = name.startswith(f"{pattern}/")
        if rule[:1] not in ("", "#") and (
            below or fnmatch(name, pattern) or fnmatch(Path(name).name, pattern)
        ):
            sent = rule.startswith("!")
    return sent


def check_health(port: int) -> int:
    """Run the image's health check against a worker on a port; return its exit code."""
    (check,) = instructions("HEALTHCHECK")
    command = check.partition("CMD ")[2]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "MICROCONV_WEB__PORT": str(port)}
    return subprocess.run(["sh", "-c", command], env=environment, capture_output=True, check=False).returncode


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_health_check_asks_the_workers_page(status: int, healthy: bool) -> None:
    """A worker whose /health says 200 is healthy, any other is not."""
    with health_page(status) as port:
        assert (check_health(port) == 0) is healthy


def test_a_worker_that_does_not_answer_is_not_healthy() -> None:
    """Where nothing listens the check fails."""
    assert check_health(free_port()) != 0


def test_the_worker_is_not_root() -> None:
    """The last word on the user is one that was made for it."""
    user = instructions("USER")[-1]
    assert user not in ("root", "0")
    (made,) = [run for run in instructions("RUN") if run.startswith("useradd ")]
    assert made.endswith(f" {user}")


def test_the_image_gets_all_that_the_package_is_built_from() -> None:
    """What the project file names is copied, exists, and is not kept back by .dockerignore."""
    copied = {
        name
        for arguments in instructions("COPY")
        if not arguments.startswith("--from")
        for name in arguments.split()[:-1]
    }
    wanted = {"pyproject.toml", "hatch_build.py", PROJECT["readme"], *PROJECT["license-files"], "stream"}

    assert copied == wanted
    assert {name for name in copied if is_sent(name)} == wanted
    assert [name for name in wanted if not (ROOT / name).exists()] == []


def test_the_image_runs_the_compiled_core() -> None:
    """The stage that installs the package asks for it by the variable for that, and has a compiler."""
    stages = [number for number, (kind, _) in enumerate(INSTRUCTIONS) if kind == "FROM"]
    runs = [arguments for kind, arguments in INSTRUCTIONS[stages[0] : stages[1]] if kind == "RUN"]
    (install,) = [place for place, run in enumerate(runs) if run.endswith(" .")]

    assert runs[install].startswith(f"{ASKED}=1 ")
    assert any("apt-get install" in run and " gcc " in run for run in runs[:install])


def test_nothing_else_is_sent_to_the_builder() -> None:
    """Tests, history and caches neither make the build slow nor end up in the image."""
    for name in (".git", ".venv", "tests", "bench", "docs", "Makefile", "stream/core/__pycache__"):
        assert not is_sent(name), name


def test_the_python_of_the_image_is_one_that_the_project_takes() -> None:
    """Both stages use the same Python, not older than the oldest that is supported."""
    (version,) = {
        image.split()[0].removeprefix("python:").removesuffix("-slim") for image in instructions("FROM")
    }
    oldest = PROJECT["requires-python"].removeprefix(">=")
    assert [int(part) for part in version.split(".")] >= [int(part) for part in oldest.split(".")]
