"""Every test here gets its own server, and fails if that server does not end cleanly."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from session import Session, connected

URI = "file:///project/model.py"


@pytest.fixture
def uri() -> str:
    return URI


@pytest_asyncio.fixture
async def session() -> AsyncIterator[Session]:
    """A server with a scripted analysis and a client that can do everything."""
    async with connected() as connection:
        yield connection
