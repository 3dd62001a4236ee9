"""Some of the fuzzer's programs with each advice taken; more with ``python -m tests.advice``."""

from __future__ import annotations

import pytest


@pytest.mark.torch
@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_torch_sees_no_difference(level: int) -> None:
    pytest.importorskip("torch")
    from tests.advice.__main__ import main

    assert main(["--seed", "7000", "--count", "4", "--level", str(level)]) == 0
