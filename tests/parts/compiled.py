"""The package with its hot modules compiled, for tests and benches: built as a user's install builds it."""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from tests.parts.missing import MissingPartError, program

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "compiled"
DEADLINE_S = 600.0


def compiled_package() -> Path:
    """Return the folder to put first on ``PYTHONPATH``; what was built of the same sources is used again.

    Raises:
        MissingPartError: There is no C compiler, or no header of Python.
        RuntimeError: It does not compile.
    """
    program((sysconfig.get_config_var("CC") or "cc").split()[0], "gcc")
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        raise MissingPartError("Python.h is not installed (Debian: apt-get install python3-dev)")
    folder = CACHE / _fingerprint()
    if folder.exists():
        return folder
    shutil.rmtree(CACHE, ignore_errors=True)  # of other sources: nobody asks for them again
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as work:
        _install(Path(work) / "package")
        (Path(work) / "package").rename(folder)
    return folder


def environment(folder: Path) -> dict[str, str]:
    """Return the variables with which ``python -P`` finds the compiled package, and tests and benches."""
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}


def _install(folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-build-isolation", "--target", str(folder), str(ROOT)]
    done = subprocess.run(
        command,
        env={**os.environ, "MICROCONV_COMPILE": "1"},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    if done.returncode:
        raise RuntimeError(f"the core does not compile:\n{done.stdout[-5_000:]}\n{done.stderr[-5_000:]}")


def _fingerprint() -> str:
    found = hashlib.sha256(sys.version.encode())
    for file in sorted([*(ROOT / "stream").rglob("*.py"), ROOT / "hatch_build.py", ROOT / "pyproject.toml"]):
        found.update(str(file.relative_to(ROOT)).encode())
        found.update(file.read_bytes())
    return found.hexdigest()[:16]
