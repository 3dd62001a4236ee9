"""Torch's words taken apart, however they were copied."""

from __future__ import annotations

import pytest

from gradsafe.explain.error_text import read_error
from gradsafe.explain.tracebacks import Frame
from gradsafe.explain.words import explain

PLAIN = """\
Traceback (most recent call last):
  File "train.py", line 12, in <module>
    loss.backward()
  File "/usr/lib/python3.11/site-packages/torch/_tensor.py", line 647, in backward
    torch.autograd.backward(
RuntimeError: one of the variables needed for gradient computation has been modified by an inplace operation: \
[torch.cuda.FloatTensor [2, 8]], which is output 0 of SigmoidBackward0, is at version 2; expected version 0 instead. \
Hint: enable anomaly detection to find the operation that failed to compute its gradient, with \
torch.autograd.set_detect_anomaly(True).
"""
ANOMALY = """\
/site-packages/torch/autograd/graph.py:841: UserWarning: Error detected in AddmmBackward0. Traceback of forward call that \
caused the error:
  File "train.py", line 20, in <module>
    main()
  File "train.py", line 9, in main
    out = net(x)
  File "/site-packages/torch/nn/modules/linear.py", line 134, in forward
    return F.linear(input, self.weight, self.bias)
 (Triggered internally at /pytorch/torch/csrc/autograd/python_anomaly_mode.cpp:127.)
"""
IPYTHON = """\
---------------------------------------------------------------------------
RuntimeError                              Traceback (most recent call last)
Cell In[3], line 4
      2 y.add_(1)
----> 4 y.sum().backward()

File ~/env/lib/python3.11/site-packages/torch/_tensor.py:647, in Tensor.backward(self, gradient)
    637 if has_torch_function_unary(self):

RuntimeError: \x1b[31mTrying to backward through the graph a second time (or directly access saved tensors after they \
have already been freed).\x1b[0m
"""


def test_a_traceback() -> None:
    error = read_error(PLAIN)
    assert error is not None
    assert (error.code, error.tensor, error.sizes) == (
        "saved-tensor-modified",
        "torch.cuda.FloatTensor [2, 8]",
        (2, 8),
    )
    assert (error.node, error.output, error.found, error.expected) == ("SigmoidBackward0", 0, 2, 0)
    assert error.frames[0] == Frame("train.py", 12, "<module>")
    assert error.failed is None
    told = dict(explain(error))
    assert "written in place 2 times since it was saved" in told["versions"]
    assert "the result of `sigmoid`: that operation made it" in told["which tensor"]


def test_anomaly_mode_adds_the_forward() -> None:
    error = read_error(ANOMALY + PLAIN)
    assert error is not None
    assert error.failed == "AddmmBackward0"
    assert [frame.row for frame in error.forward] == [20, 9, 134]
    assert [frame.row for frame in error.frames] == [12, 647]
    assert "`addmm` at train.py:9" in dict(explain(error))["who saved it"]


def test_a_notebook_with_colours() -> None:
    error = read_error(IPYTHON)
    assert error is not None
    assert error.code == "graph-freed"
    assert error.message.endswith("freed).")
    assert [frame.row for frame in error.frames] == [647]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("a leaf Variable that requires grad is being used in an in-place operation.", "leaf-modified"),
        (
            "a view of a leaf Variable that requires grad is being used in an in-place operation.",
            "leaf-view-modified",
        ),
        (
            (
                "Output 0 of UnbindBackward0 is a view and is being modified inplace. This view is the output of a function "
                "that returns multiple views. Such functions do not allow the output views to be modified inplace."
            ),
            "multi-output-view-modified",
        ),
        (
            (
                "Output 0 of BackwardHookFunctionBackward is a view and is being modified inplace. This view was created "
                "inside a custom Function (or because an input was returned as-is)"
            ),
            "function-view-modified",
        ),
        (
            "A view was created in no_grad mode and is being modified inplace with grad mode enabled.",
            "no-grad-view-modified",
        ),
        (
            "Inplace update to inference tensor outside InferenceMode is not allowed.",
            "inference-tensor-modified",
        ),
        ("Inference tensors cannot be saved for backward. Please do not use", "inference-tensor-saved"),
        (
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location.",
            "expanded-tensor-modified",
        ),
    ],
)
def test_each_message_has_its_rule(message: str, code: str) -> None:
    error = read_error(f"RuntimeError: {message}\n")
    assert error is not None
    assert error.code == code
    assert dict(explain(error))["what it means"]


def test_the_last_error_counts() -> None:
    two = PLAIN + "\nDuring handling of the above exception, another exception occurred:\n\n" + IPYTHON
    error = read_error(two)
    assert error is not None
    assert error.code == "graph-freed"


@pytest.mark.parametrize("text", ["", "ValueError: no", "\x00" * 100, "RuntimeError: CUDA out of memory."])
def test_other_texts_are_none_of_ours(text: str) -> None:
    assert read_error(text) is None


TAIL = PLAIN.splitlines()[-1]
DRESSED = {
    "torchrun": "".join(f"[rank1]: {line}" for line in PLAIN.splitlines(keepends=True)),
    "srun": "".join(f"3: {line}" for line in PLAIN.splitlines(keepends=True)),
    "ray": "".join(f"(pid=77, ip=10.0.0.1) {line}" for line in PLAIN.splitlines(keepends=True)),
    "logging": f"2024-05-01 10:22:33,123 - ERROR - {PLAIN}",
    "pytest": f">           loss.backward()\n\ntrain.py:12: \n_ _ _ _ _\nlib/site-packages/torch/_tensor.py:522: in backward\nE       {TAIL}\n",
    "rich": (
        "╭───────── Traceback (most recent call last) ─────────╮\n"
        "│ train.py:12 in <module>                              │\n"
        "│ ❱ 12 │   loss.backward()                             │\n"
        "╰──────────────────────────────────────────────────────╯\n"
        + TAIL.replace("by an inplace operation: ", "by an inplace \noperation: ").replace(
            "; expected ", "; \nexpected "
        )
        + "\n"
    ),
    "old IPython": (
        "RuntimeError                              Traceback (most recent call last)\n"
        "train.py in <module>()\n     11     opt.zero_grad()\n---> 12     loss.backward()\n\n" + TAIL
    ),
}


@pytest.mark.parametrize("text", DRESSED.values(), ids=DRESSED.keys())
def test_what_stands_around_a_traceback(text: str) -> None:
    error = read_error(text)
    assert error is not None
    assert (error.code, error.tensor) == ("saved-tensor-modified", "torch.cuda.FloatTensor [2, 8]")
    assert (error.node, error.found, error.expected) == ("SigmoidBackward0", 2, 0)
    assert (error.frames[0].file, error.frames[0].row) == ("train.py", 12)


def test_a_last_line_that_a_terminal_has_wrapped() -> None:
    wrapped = (
        "Traceback (most recent call last):\n"
        '  File "train.py", line 9, in <module>\n    loss.backward()\n'
        "RuntimeError: one of the variables needed for gradient\ncomputation has been modified by an inplace operation:\n"
        "[torch.FloatTensor [2, 4]], which is output 0 of SigmoidBackward0, is at\nversion 1; expected version 0 instead.\n"
    )
    error = read_error(wrapped)
    assert error is not None and error.code == "saved-tensor-modified"
    assert (error.node, error.sizes, error.found, error.expected) == ("SigmoidBackward0", (2, 4), 1, 0)
    assert [frame.row for frame in error.frames] == [9]
