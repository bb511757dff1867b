"""A temporary folder that is removed in the end; else by the next process that makes one of its kind."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_LOCK = "in-use.lock"


class Folder:
    """A new temporary folder, locked for as long as this process lives and does not remove it.

    What processes that were killed have left behind of the same kind is removed before: a folder whose lock
    nobody holds. The system drops the lock of a process that ends, however it ends.

    Args:
        kind: The beginning of its name.

    Attributes:
        path: Where it is.
    """

    def __init__(self, kind: str) -> None:
        _remove_left(kind)
        self._files = tempfile.TemporaryDirectory(prefix=f"{kind}-")
        self.path = Path(self._files.name)
        self._lock = _locked(self.path)

    def remove(self) -> None:
        """Remove it with all that is in it."""
        self._files.cleanup()
        os.close(self._lock)


def _locked(folder: Path) -> int:
    """Lock a new folder; return the descriptor that holds the lock (which children do not inherit)."""
    # It gets its name when it is locked already: else others could lock it first.
    unnamed = folder / f"{_LOCK}.new"
    descriptor = os.open(unnamed, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    unnamed.rename(folder / _LOCK)
    return descriptor


def _remove_left(kind: str) -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{kind}-*"):
        # What cannot be looked at is somebody else's; what has no lock is not of this kind.
        with contextlib.suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(descriptor)
