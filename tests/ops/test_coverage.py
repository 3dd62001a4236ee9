"""Every name that torch documents is known, or stands on the short list with its reason."""

from __future__ import annotations

import pytest

from gradsafe.ops.table import load

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(
        torch.__version__.partition("+")[0] != load().torch_version, reason="the table is of another torch"
    ),
]


def test_no_documented_name_is_forgotten():
    from tools.op_table import coverage

    assert coverage.unaccounted(load()) == set()


def test_no_name_is_listed_that_is_known():
    from tools.op_table import coverage

    assert coverage.stale(load()) == set()
