"""Holds what `docs/semantics.md` promises against what tests say that they show.

A test quotes the page where it stands: a golden case by ``says``, another by ``@pytest.mark.says(...)``. All
quotes together have to cover every word of every rule (a rule is an item of a list), and every quote has to
be a part of one rule. So a rule cannot be added, or changed, without a test that claims it.
"""
