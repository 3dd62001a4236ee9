"""The programs in ``examples/`` do what their first lines say, under torch and under gradsafe."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
MODIFIED = "modified by an inplace operation"
TOLD = {
    "residual_block": ("saved-tensor-modified", MODIFIED),
    "gan_step": ("saved-tensor-modified", MODIFIED),
    "masked_attention": ("saved-tensor-modified", MODIFIED),
    "inplace_activation": ("saved-tensor-modified", MODIFIED),
    "recurrent_cell": ("data-bypasses-autograd", None),
    "harmless": (None, None),
}


def test_every_example_is_here() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(TOLD)


@pytest.mark.parametrize("name", TOLD)
def test_gradsafe_says_so(gradsafe, name: str) -> None:  # type: ignore[no-untyped-def]
    code, message = TOLD[name]
    found = json.loads(gradsafe("check", "--output-format", "json", str(EXAMPLES / f"{name}.py")).out)
    assert [each["code"] for each in found] == ([code] if code else [])
    assert [each["severity"] for each in found] == (
        [] if code is None else ["error" if message else "warning"]
    )


@pytest.mark.torch
@pytest.mark.parametrize("name", TOLD)
def test_torch_does_so(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    path = str(EXAMPLES / f"{name}.py")
    if TOLD[name][1] is not None:
        with pytest.raises(RuntimeError, match=MODIFIED):
            runpy.run_path(path, run_name="__main__")
        return
    runpy.run_path(path, run_name="__main__")
    said = capsys.readouterr().out
    assert ("None (it should not be None)" in said) == (name == "recurrent_cell")
