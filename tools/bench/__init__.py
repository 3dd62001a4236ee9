"""How fast gradsafe is, beside others on the same machine in the same run: ``python -m tools.bench`` writes ``docs/performance.md``."""
