"""The texts of JSONTestSuite (Nicolas Seriot, see LICENSE): ``y_`` is JSON, ``n_`` is none, ``i_`` may be."""

import json
from pathlib import Path


def cases() -> dict[str, bytes]:
    """Return all texts by name; the file holds their bytes as Latin-1 characters."""
    stored = json.loads((Path(__file__).parent / "cases.json").read_text())
    found = {name: text.encode("latin-1") for name, text in stored.items()}
    found["n_structure_100000_opening_arrays"] = b"[" * 100_000
    found["n_structure_open_array_object"] = b'[{"":' * 50_000 + b"\n"
    return found
