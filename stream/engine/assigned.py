"""What aiokafka does with partitions right after they were assigned: nothing, until they are sought."""

from collections.abc import Iterable

from aiokafka import TopicPartition
from aiokafka.consumer.subscription_state import SubscriptionState


class RestingAssignments(SubscriptionState):  # type: ignore[misc]  # aiokafka has no types under --strict
    """An aiokafka consumer's assigned partitions: paused from the beginning, with a position.

    Without one aiokafka asks the group's coordinator for the committed offset of each partition, one after
    the other, and then for the partition's beginning; until all are answered, those of changelogs too, it
    fetches nothing at all from that broker. Both are for nothing: inputs are sought to the states' positions,
    changelogs are never fetched. And Faust's own pausing does not reach aiokafka.
    """

    def assign_from_subscribed(self, assignment: Iterable[TopicPartition]) -> None:
        """Extends the stock function, after which the fetcher, which has been waiting, may run at once."""
        super().assign_from_subscribed(assignment)
        for partition in self.assigned_partitions():
            state = self._assigned_state(partition)
            state.seek(0)
            state.pause()
