"""The package as it is measured: from its sources, and with its core compiled."""

from dataclasses import dataclass, field

from tests.parts import compiled_package
from tests.parts.compiled import environment


@dataclass(frozen=True, slots=True)
class Package:
    """How a process gets one: options of Python, variables of its environment."""

    name: str
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


PURE = Package("pure Python")


def compiled() -> Package:
    """Return the compiled one; it is built where the sources changed.

    Raises:
        MissingPartError: There is no C compiler.
    """
    return Package("core compiled", ("-P",), environment(compiled_package()))
