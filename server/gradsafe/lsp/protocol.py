"""pygls' protocol with four holes mended; each says what goes wrong without it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import JsonRPCNotification, LanguageServerProtocol, lsp_method

logger = logging.getLogger(__name__)

Cancel = Callable[[int | str], None]


class Protocol(LanguageServerProtocol):
    """``on_cancel`` hears of every cancelled request: pygls answers the client at once, but lets a command run on."""

    on_cancel: Cancel | None = None

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A request that cannot be decoded gets an error; pygls leaves its sender waiting for ever."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            return JsonRPCNotification(method="$/malformed", jsonrpc="2.0", params=None)

    def _execute_handler(self, msg_id: int | str, *args: Any, **kwargs: Any) -> None:
        """A future that is done is let go; pygls keeps that of each notification for ever: 4 kB for every change of a document."""
        super()._execute_handler(msg_id, *args, **kwargs)
        future = self._request_futures.get(msg_id)
        if future is not None:
            future.add_done_callback(lambda _: self._request_futures.pop(msg_id, None))

    def _handle_cancel_notification(self, msg_id: int | str) -> None:
        if self.on_cancel is not None:
            self.on_cancel(msg_id)
        super()._handle_cancel_notification(msg_id)

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *args: Any) -> Generator[Any, Any, None]:
        """As in pygls, over a copy: there the dict changes under the loop while a request is in flight."""
        handler = self.fm.features.get(types.SHUTDOWN)
        if handler is not None:
            yield handler, args, None
        for msg_id, future in list(self._request_futures.items()):
            if msg_id != self.msg_id and not future.done():
                future.cancel()
        self._shutdown = True
