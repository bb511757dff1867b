"""Apache Kafka's jars, fetched once by Maven into the checkout's ``.cache``."""

import fcntl
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.parts.missing import MissingPartError, program

_CHECKOUT = Path(__file__).parents[3]
_POM = Path(__file__).with_name("pom.xml")


def _version() -> str:
    found = re.search(r"kafka_2\.13</artifactId>\s*<version>([^<]+)<", _POM.read_text())
    if found is None:
        raise ValueError(f"{_POM}: no version of kafka_2.13")
    return found[1]


VERSION = _version()
"""Which Apache Kafka the tests run."""


def folder() -> Path:
    """Return the folder that holds the jars; fetches them first when they are not there.

    Raises:
        MissingPartError: If there is no Maven, or Maven cannot fetch them.
    """
    jars = _CHECKOUT / ".cache" / f"kafka-{VERSION}"
    jars.parent.mkdir(exist_ok=True)
    with (jars.parent / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test runs side by side fetch once
        # The copy of the pom comes last, so it tells that the folder is whole and of this pom.
        stamp = jars / _POM.name
        if not stamp.exists() or stamp.read_bytes() != _POM.read_bytes():
            shutil.rmtree(jars, ignore_errors=True)
            _fetch(jars)
            shutil.copy(_POM, stamp)
    return jars


def _fetch(jars: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        run = subprocess.run(
            [
                *(program("mvn", "maven"), "-q", "-B", "-Dstyle.color=never"),
                *("-f", str(_POM), "dependency:copy-dependencies"),
                *(f"-DoutputDirectory={jars}", f"-Dproject.build.directory={scratch}"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    if run.returncode != 0:
        why = "\n".join((run.stdout + run.stderr).splitlines()[:3])
        raise MissingPartError(f"Maven cannot fetch Kafka {VERSION}: {why}")
