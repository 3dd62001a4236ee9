"""What torch does not see and what makes a gradient wrong without a word; the proof by a protected run."""

from __future__ import annotations
