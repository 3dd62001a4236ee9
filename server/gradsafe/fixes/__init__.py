"""Finding + source -> minimal text edits; one remedy per file in ``remedies/``, found by its name.

``offer`` reads text only and never runs the analysis; ``verify`` runs it again on the edited text,
and ``prefer`` marks the one to take first. Nothing here reprints code: an edit is the least piece of text.
"""

from gradsafe.fixes.apply import apply_edits
from gradsafe.fixes.offer import offer, remedy_names
from gradsafe.fixes.sources import Code, Sources
from gradsafe.fixes.verify import Ran, can_be_preferred, prefer, verify

__all__ = [
    "Code",
    "Ran",
    "Sources",
    "apply_edits",
    "can_be_preferred",
    "offer",
    "prefer",
    "remedy_names",
    "verify",
]
