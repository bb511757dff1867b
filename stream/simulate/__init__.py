"""Realistic traffic of simulated sites, as canonical events: for the command, the demo, tests and benches.

There is a site for each preset, and each is data: ``sites/`` has a catalogue of its pages, of what is done
there, of who comes and when; ``catalogue``, ``people``, ``rhythm`` and ``site`` say what these are made of.
One engine walks through any of them. It reads in the order data flows: ``walk`` (what a ``visit`` does),
``crowd`` and ``traffic`` (who visits when), ``event`` (what the pages send), ``drop`` and ``loss`` (what is
to fail), ``disorder`` (how it arrives), ``pacing`` (when it is sent on), ``sink`` (where to), ``command``
(the verb, with ``fit``: which site). Up to the arrivals all is pure: the same arguments give the same bytes.
"""
