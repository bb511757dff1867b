"""The verb ``top``: the rates as Redis has them, live on a terminal, as a table or as JSON.

It reads in the order things happen: ``subject`` (what there is to show, and what was chosen of it),
``reading`` (what Redis holds of that), ``change`` and ``board`` (what is shown), ``trouble`` (what is said
when there is nothing to show), ``columns`` and ``view`` (how), ``facts`` (the same for programs), ``keys``,
``live`` and ``run`` (the terminal, and everything in order).
"""
