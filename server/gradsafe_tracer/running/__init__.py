"""The program as it is run: read, started, limited, ended; with values or without."""

from __future__ import annotations
