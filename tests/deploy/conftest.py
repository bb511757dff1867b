"""What the tests of the deployment share."""

import shutil
import subprocess
from typing import Any

import pytest

from tests.deploy.files import ROOT, from_yaml
from tests.parts.missing import program


def _compose_command() -> list[str]:
    """Return the command that reads compose files: Docker's plugin where it is, else Debian's package."""
    if shutil.which("docker"):
        plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        if plugin.returncode == 0:
            return ["docker", "compose"]
    return [program("docker-compose", "docker-compose")]


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    """docker-compose.yml as Docker reads it: checked against its schema, anchors and merges resolved."""
    files = ["-f", str(ROOT / "docker-compose.yml")]
    profiles = [f"--profile={name}" for name in ("traffic", "second-worker")]
    done = subprocess.run(
        [*_compose_command(), *files, *profiles, "config"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    configuration = from_yaml(done.stdout)
    assert isinstance(configuration, dict)
    return configuration
