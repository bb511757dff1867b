"""How the processes of a replay speak to each other: messages by pipes, each after its length."""

import os
import struct

from stream.replay.messages import Asked, Message, Told, decode_asked, encode

_LENGTH = struct.Struct("<Q")
_AT_ONCE = 1 << 20


class Line:
    """Both ends of what one process says to another and hears from it, message by message."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self.incoming, self.outgoing = incoming, outgoing

    def send(self, message: Message) -> None:
        """Say something; this waits until there is room for it.

        Raises:
            EOFError: Nobody hears it any more.
        """
        packed = encode(message)
        view = memoryview(_LENGTH.pack(len(packed)) + packed)
        try:
            while view:
                view = view[os.write(self.outgoing, view[:_AT_ONCE]) :]
        except BrokenPipeError:
            raise EOFError from None

    def receive(self) -> bytes:
        """Hear the next message.

        Raises:
            EOFError: There will be none.
        """
        return self._read(_LENGTH.unpack(self._read(_LENGTH.size))[0])

    def _read(self, size: int) -> bytes:
        parts: list[bytes] = []
        while size:
            part = os.read(self.incoming, min(size, _AT_ONCE))
            if not part:
                raise EOFError
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        """Neither hear nor say anything any more."""
        os.close(self.incoming)
        os.close(self.outgoing)


class Desk:
    """Where a process of the crew hears what it is to do, and tells what came of it."""

    def __init__(self, number: int, line: Line) -> None:
        self.number = number
        self._line = line

    def next(self) -> Asked:
        """Return what is asked for next."""
        asked: Asked = decode_asked(self._line.receive())
        return asked

    def tell(self, message: Told) -> None:
        """Tell something."""
        self._line.send(message)
