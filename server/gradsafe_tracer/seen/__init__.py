"""What was seen, kept small: storages and counters, the last events of each, places and names."""

from __future__ import annotations
