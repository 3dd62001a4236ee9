"""What ``make test-compiled`` runs the other tests on is compiled, and not the sources beside it."""

from __future__ import annotations

import importlib
import os
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from gradsafe.report.about import is_compiled

pytestmark = pytest.mark.skipif(
    not os.environ.get("GRADSAFE_COMPILED"), reason="only where the wheel of `make wheel` is tested"
)


@pytest.mark.parametrize(
    "module", ["interp.machine", "interp.execute", "domain.layered", "ir.instructions", "syntax.span"]
)
def test_the_interpreter_is_compiled(module: str) -> None:
    assert str(importlib.import_module(f"gradsafe.{module}").__file__).endswith(tuple(EXTENSION_SUFFIXES))
    assert is_compiled()


@pytest.mark.parametrize("module", ["cli", "interp.prelude", "syntax.parse", "ops.table"])
def test_the_rest_comes_from_the_same_wheel(module: str) -> None:
    machine = importlib.import_module("gradsafe.interp.machine")
    other = importlib.import_module(f"gradsafe.{module}")
    root = os.path.commonpath([str(machine.__file__), str(other.__file__)])
    assert Path(root).name in ("gradsafe", "interp")
    assert str(other.__file__).endswith(".py")
