"""A worker that can be stopped inside a transaction: ``python -m tests.chaos.freezing worker --preset NAME``.

Once the file ``FREEZE_FOLDER/<topology>`` exists, the process that next is about to commit a transaction of
that topology takes the file away and stops itself (SIGSTOP), with the transaction open.
"""

import os
import signal
from pathlib import Path

from aiokafka import AIOKafkaProducer

FOLDER = "FREEZE_FOLDER"
"""The environment variable that names the folder of wishes."""


def freeze_on_wish(folder: Path) -> None:
    """Make this process stop inside a transaction when somebody wishes it."""
    commit = AIOKafkaProducer.commit_transaction

    def stop_if_wished(transactional_id: str) -> None:
        topology = transactional_id.rsplit("-", 2)[1]
        try:
            (folder / topology).unlink()  # only one process can: the others find it gone
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGSTOP)

    async def freezing(producer: AIOKafkaProducer) -> None:
        stop_if_wished(producer._txn_manager.transactional_id)
        await commit(producer)

    AIOKafkaProducer.commit_transaction = freezing


if __name__ == "__main__":
    from stream.cli import main  # not for the engine's suite, which takes only the function above

    freeze_on_wish(Path(os.environ[FOLDER]))
    main()
