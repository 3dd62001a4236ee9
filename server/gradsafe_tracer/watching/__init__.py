"""What the program does, as it does it: torch's calls, saves, the engine, what is replaced for the time of a run."""

from __future__ import annotations
