"""``pytest --trace-inplace`` on small projects."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("torch")
pytest_plugins = ["pytester"]

TESTS = """
import pytest, torch

def test_silently_wrong():
    y = torch.ones(3, requires_grad=True).exp(); loss = (y * y).sum()
    y.data.zero_()
    loss.backward()

def test_loud():
    y = torch.ones(3, requires_grad=True).exp()
    y.add_(1)
    y.sum().backward()

def test_loud_and_expected():
    y = torch.ones(3, requires_grad=True).exp()
    y.add_(1)
    with pytest.raises(RuntimeError):
        y.sum().backward()

def test_right():
    torch.ones(3, requires_grad=True).exp().sum().backward()
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(test_it=TESTS)
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return project.runpytest_subprocess("-p", "no:cacheprovider", *arguments)


def test_found_in_reports_and_summary(project: pytest.Pytester) -> None:
    ran = run(project, "--trace-inplace", "test_it.py")
    ran.assert_outcomes(passed=3, failed=1)
    text = ran.stdout.str()
    assert "saves.py" not in text  # a traceback is that of a plain run
    ran.stdout.fnmatch_lines(["*- gradsafe -*", "*test_it.py:10: y.add_(1)   <- change this line"])
    summary = text[text.index("gradsafe: in-place operations") :]
    assert "test_it.py::test_silently_wrong" in summary
    assert "test_it.py:5: y.data.zero_()   <- change this line" in summary
    assert "test_it.py::test_loud\n" in summary
    assert "1 test passed although torch raised in them: the errors were expected." in summary
    assert "test_right" not in summary


def test_silent_ones_can_fail(project: pytest.Pytester) -> None:
    ran = run(project, "--trace-inplace=fail")
    ran.assert_outcomes(passed=2, failed=2)
    ran.stdout.fnmatch_lines(["silently wrong gradient", "*FAILED test_it.py::test_silently_wrong*"])


def test_nothing_without_the_option(project: pytest.Pytester) -> None:
    project.makeconftest(
        "import sys\n"
        "def pytest_collection_finish(session):\n"
        "    hooks = session.config.pluginmanager.get_plugin('gradsafe')\n"
        "    names = [name for name in dir(hooks) if name.startswith('pytest_')]\n"
        "    assert names == ['pytest_addoption', 'pytest_configure'], names\n"
    )
    ran = run(project, "-k", "right")
    ran.assert_outcomes(passed=1, deselected=3)
    assert "gradsafe: in-place" not in ran.stdout.str()


def test_module_in_a_fixture_is_declared_there(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_it="""
import pytest, torch
from torch import nn

@pytest.fixture
def net():
    return nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.ReLU(inplace=True))

def test_net(net):
    net(torch.ones(1, 2)).sum().backward()
"""
    )
    ran = run(pytester, "--trace-inplace")
    ran.stdout.fnmatch_lines(["*test_it.py:6: return nn.Sequential*<- change this line"])


def test_loading_the_plugin_loads_no_torch() -> None:
    code = "import sys, gradsafe_tracer.pytest_plugin; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_torch_is_said(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(torch="raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')")
    pytester.makepyfile(test_it="def test(): pass")
    pytester.makeini("[pytest]\npythonpath = .\n")
    ran = pytester.run(sys.executable, "-m", "pytest", "--trace-inplace")
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    assert "has no torch" in ran.stderr.str()
