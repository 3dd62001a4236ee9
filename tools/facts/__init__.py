"""``python -m tools.facts``: which fixtures hold which measured fact of ``docs/AUTOGRAD.md``."""
