"""What holds for all tests: properties are checked by count, never against a clock, and on the same examples each time.

New examples are drawn with ``GRADSAFE_EXPLORE=1``: what they find becomes an ``@example``.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("the same each time", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile("explore" if os.environ.get("GRADSAFE_EXPLORE") == "1" else "the same each time")
