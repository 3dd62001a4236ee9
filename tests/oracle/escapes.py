"""Writes that pass torch by: through NumPy, a data pointer, an untyped storage. Seen by looking at the contents.

Only programs that mention such a way out are watched so: at each new row, the storages that have
left torch are compared with what they held at the row before.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import torch

_WAYS = re.compile(r"numpy|dlpack|untyped_storage|data_ptr|memoryview|map_|apply_")


def mentions_a_way_out(text: str) -> bool:
    return _WAYS.search(text) is not None


class Escapes:
    """The tensors of a run whose storage somebody else may write, and how they looked."""

    def __init__(self, on_write: Callable[[Any, int], None]) -> None:
        self.on_write = on_write
        self.seen: dict[int, tuple[Any, int, Any]] = {}

    def watch(self, tensor: Any) -> None:
        with torch._C.DisableTorchFunction(), torch.no_grad():
            key = tensor.untyped_storage()._cdata
            if key not in self.seen and not tensor.is_inference() and tensor.layout is torch.strided:
                alias = tensor.detach()
                self.seen[key] = (alias, alias._version, alias.clone())

    def look(self, line: int) -> None:
        """Reports every watched tensor whose contents changed although its counter did not."""
        with torch._C.DisableTorchFunction(), torch.no_grad():
            for key, (alias, version, held) in list(self.seen.items()):
                if torch.equal(alias, held):
                    self.seen[key] = (alias, alias._version, held)
                    continue
                if alias._version == version:
                    self.on_write(alias, line)
                self.seen[key] = (alias, alias._version, alias.clone())

    @contextlib.contextmanager
    def tracing(self, filename: str) -> Iterator[None]:
        """Looks at each row of the program's own frames."""
        last: list[int] = []

        def local(frame: FrameType, event: str, _arg: object) -> Any:
            if last:
                self.look(last[-1])
            last[:] = [frame.f_lineno]
            return local

        def calls(frame: FrameType, event: str, _arg: object) -> Any:
            return local if frame.f_code.co_filename == filename else None

        before = sys.gettrace()
        sys.settrace(calls)
        try:
            yield
        finally:
            sys.settrace(before)
            if last:
                self.look(last[-1])
