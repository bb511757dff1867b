"""The build hook: compiles the hot modules with mypyc where ``MICROCONV_COMPILE=1`` asks for it.

Without it the wheel is pure Python. An editable install always is: compiled, it would hide what is edited.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ASKED = "MICROCONV_COMPILE"
"""Variable of the environment that asks for it."""

MODULES = (
    "stream/core/acquaintance.py",
    "stream/core/any_order.py",
    "stream/core/attempt_ledger.py",
    "stream/core/bucket.py",
    "stream/core/cell.py",
    "stream/core/condition.py",
    "stream/core/conversion.py",
    "stream/core/delay.py",
    "stream/core/earning.py",
    "stream/core/ending.py",
    "stream/core/funnel.py",
    "stream/core/histogram.py",
    "stream/core/hits.py",
    "stream/core/kinds.py",
    "stream/core/labels.py",
    "stream/core/leaving.py",
    "stream/core/ledger.py",
    "stream/core/lifetime.py",
    "stream/core/log.py",
    "stream/core/partition.py",
    "stream/core/plan.py",
    "stream/core/plans.py",
    "stream/core/rates.py",
    "stream/core/settling.py",
    "stream/core/sightings.py",
    "stream/core/stays.py",
    "stream/core/taken.py",
    "stream/core/takings.py",
    "stream/core/tally.py",
    "stream/core/timer.py",
    "stream/core/vocabulary.py",
    "stream/core/window.py",
)
"""What is compiled: what runs for every event and gains by it.

Modules with msgspec structs stay as they are: mypyc drops annotations that such a class is made of.
"""

NEEDED = ["mypy>=1.13", "setuptools>=70", "msgspec>=0.19"]
"""What compiling needs, besides a C compiler. msgspec: to know the types of its structs."""


class CompilingHook(BuildHookInterface[Any]):
    """Puts the compiled modules beside their sources in the wheel."""

    _folder: "tempfile.TemporaryDirectory[str] | None" = None

    def dependencies(self) -> list[str]:
        """Return what compiling needs, if it was asked for."""
        return NEEDED if _asked() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, if it was asked for."""
        if version == "editable" or not _asked():
            return
        self._folder = tempfile.TemporaryDirectory()
        built = Path(self._folder.name) / "built"
        for file in _compile(Path(self._folder.name), built):
            build_data["force_include"][str(file)] = file.relative_to(built).as_posix()
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 # the interface has them
        """Drop what was compiled: it is in the wheel."""
        if self._folder is not None:
            self._folder.cleanup()


def _asked() -> bool:
    return os.environ.get(ASKED, "0") not in ("", "0")


def _compile(work: Path, built: Path) -> list[Path]:
    """Compile into the folder ``built``; return the files."""
    from mypyc.build import mypycify  # both are here only where compiling was asked for
    from setuptools import Distribution

    # Without the project's configuration: the types are checked elsewhere, and its plugins may be missing. So
    # may what is imported by modules that are not compiled themselves.
    options = ["--config-file=", "--ignore-missing-imports", f"--cache-dir={work / 'cache'}"]
    extensions = mypycify([*options, *MODULES], target_dir=str(work / "c"), group_name="microconv")
    command = Distribution({"ext_modules": extensions}).get_command_obj("build_ext")
    command.build_lib, command.build_temp = str(built), str(work / "objects")
    command.ensure_finalized()
    command.run()
    return [Path(file) for file in command.get_outputs()]
