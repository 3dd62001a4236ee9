"""``python -m tools.rule_pages``: the rules' docstrings as ``docs/rules/*.md``. Never edit those by hand."""
