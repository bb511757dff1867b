"""The same counting over files, without a broker: recorded events in, the rows of a worker out.

It reads in the order data flows: ``files`` and ``parquet`` (bytes and rows to records), ``intake`` (records
to events in ``brief``, or why not), ``order`` and ``sorter`` (events in order of time, in bounded memory),
``count`` with ``counting``, ``windows`` and ``visitors`` (the core, step by step), ``answers`` (what is
printed, with ``visits`` and ``totals``), ``progress``, ``run`` (all of it for one set of arguments),
``command`` (the verb).

Several processes share that: ``shared`` (the first process: what is done when) with ``gathering`` (what is
read), ``crew`` and ``line`` (processes, and how they speak), ``messages``; ``member`` (one of the others)
with ``parts`` (of files), ``exchange`` (events for others), ``shard`` (its visitors) and ``novel`` (what came
first).
"""
