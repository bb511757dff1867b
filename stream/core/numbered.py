"""Names by number: some that always have one, then others, first come, as long as there is room."""

from collections.abc import Sequence

import msgspec


class Numbered:
    """Numbers names. It is state: what was once refused stays refused, and numbers stay what they are.

    Attributes:
        names: The names by number.
        by_name: The numbers by name; where it is not in it, `number` has it.
        changed: Whether they changed since they were last written.
    """

    def __init__(self, always: Sequence[str], room: int, rest: int) -> None:
        """Begin.

        Args:
            always: The names that have a number from the start.
            room: How many others can have one.
            rest: The number of all for which there is no room.
        """
        self.names = list(always)
        self.by_name = {name: number for number, name in enumerate(always)}
        self.changed = False
        self._first = len(always)
        self._most = len(always) + room
        self._rest = rest

    def number(self, name: str) -> int:
        """Return the number of a name; a new one gets one, if there is room."""
        number = self.by_name.get(name)
        if number is None:
            if len(self.names) >= self._most:
                return self._rest
            number = self.by_name[name] = len(self.names)
            self.names.append(name)
            self.changed = True
        return number

    def pack(self) -> bytes:
        """Return what has to survive."""
        self.changed = False
        return msgspec.msgpack.encode(self.names[self._first :])

    def unpack(self, row: bytes) -> None:
        """Take back what :meth:`pack` returned."""
        self.names[self._first :] = msgspec.msgpack.decode(row, type=list[str])
        self.by_name = {name: number for number, name in enumerate(self.names)}
