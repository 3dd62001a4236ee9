"""Without any tracing: the error's own graph tells which tensors are broken and who holds them."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("torch")

import torch

from gradsafe_tracer import install, places, postmortem


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
    assert "gradsafe: Exp saved its result: saved at version 0, now 1" in capsys.readouterr().err
