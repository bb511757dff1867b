"""Write the pages: ``python -m stream.reference docs/reference``, or ``make docs``."""

import sys
from pathlib import Path

from stream.reference.pages import pages


def main(folder: Path) -> None:
    """Write all pages into a folder, which is made if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
