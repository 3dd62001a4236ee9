"""One remedy per file; the file's name with dashes is the name by which rules ask for it.

Each has ``propose(site) -> Iterator[Draft]``: the drafts for the write at that site, best first, or none.
"""
