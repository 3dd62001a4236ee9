"""From notes to events to a report."""

from __future__ import annotations
