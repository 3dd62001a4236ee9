"""Asking the client to tell us more than it does by itself."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer

logger = logging.getLogger(__name__)


async def ask_for(server: GradsafeServer, registration: types.Registration) -> None:
    """Register with the client. One that says that it can and then cannot must not cost the rest of the start."""
    try:
        await server.client_register_capability_async(types.RegistrationParams([registration]))
    except JsonRpcException as error:
        logger.warning("the client refused %s: %s", registration.method, error)
