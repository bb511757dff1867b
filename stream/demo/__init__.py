"""The demo: broker, store, a simulated site and one worker on this machine, and what Redis tells of it.

It reads in the order things happen: ``worker`` (the child process), ``visitors`` (who comes), ``reading``
(what is in Redis), ``latency`` (how long that took), ``board`` (what is shown), ``view`` and ``screen``
(how), ``summary`` (what is told at the end), ``run`` (start and stop everything in order).
"""
