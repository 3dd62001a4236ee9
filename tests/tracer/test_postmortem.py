"""Without any tracing: the error's own graph tells which tensors are broken and who holds them."""

from __future__ import annotations

import subprocess
import sys
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

from gradsafe_tracer import install, postmortem
from gradsafe_tracer.seen import places


@pytest.fixture(autouse=True)
def _this_file_is_the_users() -> None:
    places.mark_user_file(__file__)


def test_result_and_its_variable() -> None:
    x = torch.ones(3, requires_grad=True)
    y = x.exp()
    y.add_(1)
    with pytest.raises(RuntimeError) as caught:
        y.sum().backward()
    (broken,) = postmortem.examine(caught.value)
    assert (broken.operation, broken.role, broken.expected, broken.found) == ("Exp", "result", 0, 1)
    assert "y" in broken.holders


def test_parameter_is_found_through_a_view() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    net(torch.ones(1, 2)).sum().backward()
    loss = net(torch.ones(1, 2)).sum()
    optimizer.step()
    with pytest.raises(RuntimeError) as caught:
        torch.autograd.grad(loss, list(net.parameters()))
    assert "net.1.weight" in postmortem.examine(caught.value)[0].holders


def test_second_backward() -> None:
    y = torch.ones(3, requires_grad=True).exp().sum()
    y.backward()
    with pytest.raises(RuntimeError) as caught:
        y.backward()
    assert "freed its result" in postmortem.explain(caught.value)


def test_other_errors_are_left_alone() -> None:
    assert postmortem.explain(ValueError("no")) == ""


def test_every_broken_tensor_with_its_size_and_all_that_hold_it() -> None:
    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.ModuleList([torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)])
            self.kept: list[Any] = []

        def forward(self, x: Any) -> Any:
            for layer in self.layers:
                x = torch.tanh(layer(x))
                self.kept.append(x)
            return x

    model = Net()
    out = model(torch.ones(1, 3))
    state = {"first": model.kept[0]}
    state["first"].zero_()
    with pytest.raises(RuntimeError) as caught:
        out.sum().backward()
    found = {(one.operation, one.role): one for one in postmortem.examine(caught.value)}
    assert set(found) == {("Addmm", "mat1"), ("Tanh", "result")}
    tanh = found["Tanh", "result"]
    assert (tanh.shape, tanh.dtype) == ((1, 3), "float32")
    assert {"model.kept[0]", "state['first']"} <= set(tanh.holders)


def test_custom_functions_name_the_one_that_is_broken() -> None:
    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: Any, b: Any) -> Any:
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * ctx.saved_tensors[1], None

    data = torch.ones(3, 2)
    out = Product.apply(torch.ones(2, requires_grad=True), data)
    data.add_(1)
    with pytest.raises(RuntimeError) as caught:
        out.sum().backward()
    (broken,) = postmortem.examine(caught.value)
    assert (broken.shape, broken.holders) == ((3, 2), ("data",))


@pytest.fixture
def installed() -> Iterator[None]:
    engine = torch.autograd.Variable._execution_engine
    uninstall = install()
    yield
    uninstall()
    assert torch.autograd.Variable._execution_engine is engine


def _broken_graph() -> Any:
    y = torch.ones(3, requires_grad=True).exp()
    y.add_(1)
    return y.sum()


@pytest.mark.usefixtures("installed")
@pytest.mark.skipif(sys.version_info < (3, 11), reason="notes came with Python 3.11")
def test_the_error_carries_a_note_wherever_it_is_caught() -> None:
    with pytest.raises(RuntimeError) as caught:
        _broken_graph().backward()
    plain = str(caught.value)
    assert plain.startswith("one of the variables needed for gradient computation")
    assert "gradsafe" not in plain
    (note,) = caught.value.__notes__
    assert (
        "Exp saved its result (float32 [3]): saved at version 0, now 1; held by no variable in sight" in note
    )
    leaf = torch.ones(2, requires_grad=True)
    loss = leaf.exp().sum()
    torch.autograd.grad(loss, leaf)
    with pytest.raises(RuntimeError) as caught:
        torch.autograd.grad(loss, leaf)
    assert "an earlier backward freed its result" in caught.value.__notes__[0]


def test_thread_says_it_on_its_way_out() -> None:
    code = (
        "import torch, threading, gradsafe_tracer\n"
        "gradsafe_tracer.install()\n"
        "def work():\n    y = torch.ones(3, requires_grad=True).exp()\n    y.add_(1)\n    y.sum().backward()\n"
        "t = threading.Thread(target=work); t.start(); t.join()\n"
        "w = torch.nn.Linear(2, 2)\nw.weight[0] = 3\n"
    )
    ran = subprocess.run([sys.executable, "-"], input=code, capture_output=True, text=True, check=False)
    assert ran.stderr.count("Exp saved its result (float32 [3])") == 1
    assert "RuntimeError: a view of a leaf Variable" in ran.stderr


def test_an_operation_that_raises_names_its_tensor() -> None:
    net = torch.nn.Linear(2, 2)
    every = list(net.parameters())
    with pytest.raises(RuntimeError) as caught:
        every[0].add_(1)
    text = postmortem.explain(caught.value)
    assert "every[0] (float32 [2, 2]) is a leaf that requires grad" in text
    assert "net.weight" in text


@pytest.mark.usefixtures("installed")
def test_hooks_of_the_program_are_not_run() -> None:
    ran = []

    def unpack(tensor: Any) -> Any:
        ran.append(1)
        return tensor[0]

    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: (tensor,), unpack):
        hooked = torch.ones(3, requires_grad=True).exp()
    y = hooked.exp()
    y.add_(1)
    with pytest.raises(RuntimeError):
        y.sum().backward()
    assert ran == []


@pytest.mark.usefixtures("installed")
def test_nothing_is_kept_alive_and_nothing_changes() -> None:
    x = torch.ones(3, requires_grad=True)
    y = x.exp()
    gone = weakref.ref(y)
    y.sum().backward()
    del y
    assert gone() is None
    assert x.grad is not None


def test_installed_and_taken_back(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.excepthook
    uninstall = install()
    try:
        y = torch.ones(3, requires_grad=True).exp()
        y.add_(1)
        try:
            y.sum().backward()
        except RuntimeError as error:
            sys.excepthook(type(error), error, error.__traceback__)
    finally:
        uninstall()
    assert sys.excepthook is before
    assert (
        capsys.readouterr().err.count(
            "gradsafe: Exp saved its result (float32 [3]): saved at version 0, now 1"
        )
        == 1
    )
