"""All tables of a worker, for what happens to them together."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from faust.types import TP

from stream.engine.partition import Partition

if TYPE_CHECKING:
    from stream.engine.table import StateTable


class States:
    """The tables of a worker, one for each topology."""

    def __init__(self) -> None:
        self.tables: list[StateTable] = []

    async def flush_and_suspend(self) -> None:
        """See `StateTable.flush_and_suspend`."""
        await asyncio.gather(*[table.flush_and_suspend() for table in self.tables])

    async def opened(self) -> None:
        """See `StateTable.opened`."""
        await asyncio.gather(*[table.opened() for table in self.tables])

    def opening(self) -> list[str]:
        """Return, for each partition that has no state yet, what is done about it."""
        return [
            f"{partition.name}: {partition.opening}"
            for table in self.tables
            for _, partition in sorted(table.owned.items())
            if not partition.is_open
        ]

    def resume(self) -> None:
        """See `StateTable.resume`."""
        for table in self.tables:
            table.resume()

    def positions(self) -> dict[TP, int]:
        """Return where to read on, by input partition."""
        return self._offsets(lambda partition: partition.position)

    def durable_positions(self) -> dict[TP, int]:
        """Return how far the inputs are durably counted, by input partition."""
        return self._offsets(lambda partition: partition.durable)

    def _offsets(self, of: Callable[[Partition], dict[str, int]]) -> dict[TP, int]:
        return {
            TP(topic, partition.number): of(partition)[topic]
            for table in self.tables
            for partition in table.owned.values()
            if partition.is_open
            for topic in table.topology.inputs
        }
