"""The tracer imports nothing of gradsafe, so what both must know stands in both: it has to be the same."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from gradsafe.interp import unseen_writes
from gradsafe_tracer.seen import lineage


def test_operations_that_are_constant_almost_everywhere() -> None:
    assert lineage.STEPS == unseen_writes.STEPS
