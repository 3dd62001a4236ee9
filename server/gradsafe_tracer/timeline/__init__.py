"""The timeline: one lane per storage, versions along it, marks where it was saved, written, read, refused, freed.

Two halves. :func:`timeline` turns a run's events into plain data (JSON, the shape below); :func:`page` puts that
data and the view (``view.html``, ``view.css``, ``view.js``) into one page that needs nothing else. The report of
``--html`` is that page, and so is the panel of an editor. Standard library only, no torch.

The data, ``schema_version`` 1. Places are ``{"file", "row", "column", "end_row", "end_column"}``: ``file`` is an
index into ``files``, the rest as in :class:`gradsafe_tracer.events.Place`. A place may be null. ``t`` is a step of the
run: what has the smaller one came first.

``title``     what ran
``outcome``   how it ended, one line
``findings``  ``{"code", "severity", "message", "place", "related", "verdict", "lanes"}``; ``related`` is a list of
              ``{"role", "place", "message"}``, ``lanes`` of lane ids; ``verdict`` says what the static analysis had said of it:
              ``confirmed``, ``new`` (not a word), or null (it was not asked)
``refused``   static predictions that the run did not bear out: ``{"code", "severity", "message", "place", "verdict"}``,
              ``verdict`` being ``not-reached`` or ``refuted``
``lanes``     ``{"id", "name", "findings", "marks"}``, those with findings first; ``marks`` is a list of
              ``{"t", "kind", "text", "before", "after", "place", "stack"}``; ``kind`` is one of ``saved modified read
              failed wrong freed escaped``; ``before`` and ``after`` are versions or null; ``stack`` is places, the outermost first
``backwards`` ``{"t", "end", "text", "place", "raised"}``
``files``     ``{"name", "parts"}``; ``parts`` is a list of ``{"row", "lines"}``: the file, or what lies around the places
``notes``     lines of text for the reader
``left_out``  ``{"lanes", "marks"}``: how many there was no room for
"""

from __future__ import annotations

from ..findings import Finding, Related, Verdict
from .data import timeline
from .page import lost, page, refusal, write_page

__all__ = ["Finding", "Related", "Verdict", "lost", "page", "refusal", "timeline", "write_page"]
