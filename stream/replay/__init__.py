"""The same counting over files, without a broker: recorded events in, the rows of a worker out.

It reads in the order data flows: ``files`` and ``parquet`` (bytes and rows to records), ``intake`` (records
to events in ``brief``, or why not), ``order`` and ``sorter`` (events in order of time, in bounded memory),
``count`` with ``visitors`` (the core, step by step), ``answers`` (what is printed, with ``visits`` and
``totals``), ``progress``, ``run`` (all of it for one set of arguments), ``command`` (the verb).

All of one visitor has to pass one ``Count``, in order, and ``Rates`` can fold deltas of many: that is where
several processes, each with its share of the visitors, would come in.
"""
