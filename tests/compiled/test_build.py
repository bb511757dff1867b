import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder

from hatch_build import ASKED, CompilingHook
from tests.parts.compiled import ROOT


@pytest.mark.parametrize("asked", ["", "0"])
def test_unasked_a_wheel_is_pure_python(asked: str, tmp_path: Path) -> None:
    """Nothing is compiled for those who did not ask: the wheel is for every Python and platform."""
    subprocess.run(
        [sys.executable, "-c", f"from hatchling.build import build_wheel; build_wheel({str(tmp_path)!r})"],
        cwd=ROOT,
        env={**os.environ, ASKED: asked},
        timeout=60,
        check=True,
    )
    (wheel,) = tmp_path.iterdir()
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
    assert "stream/core/settling.py" in names
    assert not [name for name in names if name.endswith((".so", ".pyd"))]


def test_an_editable_install_is_never_compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where sources are edited nothing is compiled, asked or not: it would be imported instead of them."""
    monkeypatch.setenv(ASKED, "1")
    builder = WheelBuilder(str(ROOT))
    hook = CompilingHook(str(ROOT), {}, builder.config, builder.metadata, str(tmp_path), "wheel")
    data: dict[str, Any] = {"force_include": {}, "pure_python": True}
    hook.initialize("editable", data)
    assert data == {"force_include": {}, "pure_python": True}
