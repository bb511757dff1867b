"""Realistic traffic of an online shop, as canonical events: for the command, the demo, tests and benches.

It reads in the order data flows: ``catalogue`` (who comes, what is sold), ``visit`` (what a visit does),
``crowd`` and ``traffic`` (who visits when), ``event`` (what the pages send), ``drop`` and ``loss`` (what
is to fail), ``disorder`` (how it arrives),
``pacing`` (when it is sent on), ``sink`` (where to), ``command`` (the verb). Up to the arrivals all is pure:
the same arguments give the same bytes.
"""
