"""What holds for all tests: properties are checked by count, never against a clock, and on the same examples each time.

New examples are drawn with ``GRADSAFE_EXPLORE=1``: what they find becomes an ``@example``.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

settings.register_profile("the same each time", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile("explore" if os.environ.get("GRADSAFE_EXPLORE") == "1" else "the same each time")


@pytest.fixture(autouse=True)
def _results_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test finds what another one, or whoever works here, has kept."""
    monkeypatch.setenv("GRADSAFE_CACHE_DIR", str(tmp_path_factory.mktemp("cache", numbered=True)))
