"""How far a replay is, on standard error, where somebody looks."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

MEGABYTE = 1_000_000


class Steps:
    """Tells nobody."""

    def read(self, size: int) -> None:
        """So many more bytes were read."""

    def sorting(self) -> None:
        """All was read, and is being put in order."""

    def counted(self, events: int, of: int) -> None:
        """So many more events were counted, of so many."""

    def done(self) -> None:
        """All was counted; what follows is printed."""


class _Bar(Steps):
    """Tells it as a bar.

    Reading is told by bytes, counting by events; while events are counted as they are read, only the bytes.
    """

    def __init__(self, bars: Progress, size: int | None) -> None:
        self._bars = bars
        self._read = 0
        self._sorted = False
        self._task = bars.add_task("reading", total=size, said="")

    def read(self, size: int) -> None:
        """Show how many bytes were read."""
        self._read += size
        self._bars.update(self._task, completed=self._read, said=f"{self._read / MEGABYTE:,.0f} MB")

    def sorting(self) -> None:
        """Show that events are put in order."""
        self._sorted = True
        self._bars.update(self._task, description="sorting", completed=0, total=None)

    def counted(self, events: int, of: int) -> None:
        """Show how many events were counted."""
        if self._sorted:
            self._bars.update(self._task, description="counting", total=of, said=f"{of:,} events")
            self._bars.advance(self._task, events)

    def done(self) -> None:
        """Make room for the results."""
        self._bars.stop()


@contextmanager
def progress(screen: Console, size: int | None, *, alone: bool) -> Iterator[Steps]:
    """Show how far it is.

    Args:
        screen: Where it is shown, if that is a terminal.
        size: How many bytes there are to read, if that is known.
        alone: Whether nothing else is printed there meanwhile: nothing is shown if it is.
    """
    if not (screen.is_terminal and alone):
        yield Steps()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[said]}"),
    )
    with Progress(*columns, TimeElapsedColumn(), console=screen, transient=True) as bars:
        yield _Bar(bars, size)
