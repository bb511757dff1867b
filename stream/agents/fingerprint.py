"""State is read only by the definition that wrote it."""


class DefinitionChangedError(Exception):
    """The stored state was counted by another definition; the text says what to do."""


def check(stored: str, own: str, where: str) -> None:
    """Compare fingerprints of definitions.

    Raises:
        DefinitionChangedError: They differ.
    """
    if stored != own:
        raise DefinitionChangedError(
            f"the state in {where} was counted with other funnels, micro-conversions, dimensions or session"
            f" rules, or by an earlier microconv (fingerprint {stored}, now {own}); go back to that, or give"
            " kafka.group a new name: the new group reads the events topics from their beginning and"
            " publishes the same windows anew"
        )


class KeyedByChangedError(Exception):
    """The stored state was counted with another ``kafka.keyed_by``; the text says what to do."""

    def __init__(self, found: str, now: str) -> None:
        super().__init__(
            f'the state was counted with kafka.keyed_by = "{found}", now it is "{now}"; go back, or give '
            "kafka.group a new name: the new group reads the events topics from their beginning and publishes"
            " the same windows anew"
        )
