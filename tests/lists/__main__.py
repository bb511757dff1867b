"""Write ``stream/core/referrers.py`` anew: ``python -m tests.lists FOLDER COMMIT``.

``FOLDER`` is a checkout of https://github.com/matomo-org/searchengine-and-social-list at ``COMMIT``.
"""

import sys
from pathlib import Path

import yaml

from tests.lists.writing import FILES, TARGET, module


def main(folder: str, commit: str) -> None:
    """Read the lists and write the module."""
    texts = {name: (Path(folder) / file).read_text(encoding="utf-8") for name, file in FILES.items()}
    TARGET.write_text(module({name: yaml.safe_load(text) for name, text in texts.items()}, commit))


if __name__ == "__main__":
    main(*sys.argv[1:])
