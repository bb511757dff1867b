"""Faust as its tutorial shows it: one agent, JSON, ``table[key] += 1``."""

import sys

import faust

app = faust.App(
    f"naive-{sys.argv[4]}",
    broker=f"kafka://{sys.argv[1]}",
    topic_partitions=4,
    consumer_auto_offset_reset="earliest",
    web_enabled=False,
    worker_redirect_stdouts=False,
)
events = app.topic(sys.argv[2], value_serializer="json")
counts = app.Table("counts", default=int, partitions=4)
count = int(sys.argv[3])
seen = 0


@app.agent(events)
async def agent(stream: faust.StreamT) -> None:
    """Count events by visitor."""
    global seen
    async for event in stream:
        if seen == 0:
            print("ready", flush=True)
        counts[event["visitor_id"]] += 1
        seen += 1
        if seen == count:
            print("done", flush=True)


if __name__ == "__main__":
    sys.argv = sys.argv[:1]
    faust.Worker(app, loglevel="error", quiet=True).execute_from_commandline()
