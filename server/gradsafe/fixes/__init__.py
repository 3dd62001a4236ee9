"""Finding + source -> minimal text edits; one remedy per file in ``remedies/``, found by its name.

``offer`` reads text only and never runs the analysis; ``verify`` runs it again on the edited text,
and ``prefer`` marks the one to take first. Nothing here reprints code: an edit is the least piece of text.
"""
