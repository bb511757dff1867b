"""The deployment's files, as tests read them."""

from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # PyYAML ships no types

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def from_yaml(text: str) -> Any:
    """Return what a YAML text says."""
    return yaml.safe_load(text)


def mounts(service: dict[str, Any]) -> dict[str, str]:
    """Return what a service of a compose file mounts: path in the container → path or volume outside."""
    found = {}
    for volume in service.get("volumes", ()):
        if isinstance(volume, str):  # Debian's docker-compose writes them short, Docker's plugin long
            outside, inside = volume.split(":")[:2]
            found[inside] = outside
        else:
            found[volume["target"]] = volume["source"]
    return found


def published(service: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Return the ports of a service of a compose file: address and port outside, port in the container."""
    found = []
    for port in service.get("ports", ()):
        if isinstance(port, str):
            address, outside, inside = port.removesuffix("/tcp").split(":")
            found.append((address, int(outside), int(inside)))
        else:
            found.append((port.get("host_ip", ""), int(port["published"]), int(port["target"])))
    return found
