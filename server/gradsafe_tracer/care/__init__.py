"""So that nothing changes: a self-test, silence for our own calls, errors of ours that nobody notices."""

from __future__ import annotations
