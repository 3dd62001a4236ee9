"""Tells version counters apart: which tensors share one.

Torch shows a counter's value only. Two tensors share a counter if setting the one's
value shows in the other; the value is put back at once, so the program sees nothing.
"""

from __future__ import annotations

from typing import Any

import torch

_SET = torch._C._autograd._unsafe_set_version_counter
_FAR = 1 << 20


def moves_with(probe: Any, read: Any) -> bool:
    """Whether ``read()`` (a version) follows the counter of ``probe``."""
    now = probe._version
    before = read()
    try:
        _SET((probe,), (now + _FAR,))
        return bool(read() == before + _FAR)
    finally:
        _SET((probe,), (now,))


class Counters:
    """Numbers version counters by first occurrence. Keeps an alias of each, so no identity is ever reused."""

    def __init__(self) -> None:
        self.probes: list[Any] = []
        self.storages: list[int] = []
        self._by_storage: dict[int, list[int]] = {}
        self._data: set[int] = set()

    def of(self, tensor: Any) -> int:
        """The number of the counter of ``tensor``."""
        try:
            key = int(tensor.untyped_storage()._cdata)
        except (RuntimeError, NotImplementedError):
            key = -1
        for number in self._by_storage.get(key, ()):
            probe = self.probes[number]
            if probe._version == tensor._version and moves_with(probe, lambda: tensor._version):
                return number
        # A plain detach: shares storage and counter, and holds no graph.
        with torch.no_grad():
            probe = tensor.detach()
        self.probes.append(probe)
        self.storages.append(key)
        self._by_storage.setdefault(key, []).append(len(self.probes) - 1)
        return len(self.probes) - 1

    def from_data(self, tensor: Any) -> None:
        """Notes that ``tensor`` came from ``.data``: its counter is not that of the tensor it aliases."""
        if not tensor.is_inference():
            self._data.add(self.of(tensor))

    def is_data(self, number: int) -> bool:
        return number in self._data
