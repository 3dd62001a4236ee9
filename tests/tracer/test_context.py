"""``with trace()``: scripts, nested blocks, errors that pass through, and the report in its forms."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

from gradsafe.rules.base import all_rules
from gradsafe_tracer import trace
from gradsafe_tracer.seen import places
from gradsafe_tracer.told.report import CODES, SILENT


@pytest.fixture(autouse=True)
def _this_file_is_the_users() -> None:
    places.mark_user_file(__file__)


def _loud() -> None:
    y = torch.ones(3, requires_grad=True).exp()
    y.add_(1)
    y.sum().backward()


def _silent() -> None:
    y = torch.ones(3, requires_grad=True).exp()
    loss = (y * y).sum()
    y.data.zero_()
    loss.backward()


def test_error_passes_and_the_report_is_full() -> None:
    with pytest.raises(RuntimeError, match="modified by an inplace operation"), trace() as report:
        _loud()
    (finding,) = report.findings
    assert (finding.code, finding.severity) == ("saved-tensor-modified", "error")
    assert [one.role for one in finding.related] == ["saved", "backward"]
    text = str(report)
    assert "raised RuntimeError, 1 finding" in text
    assert "y.add_(1)   <- change this line" in text
    assert len(report.raised) == 1


def test_silent_and_clean_blocks() -> None:
    with trace() as report:
        _silent()
    assert [finding.code for finding in report.findings] == ["data-bypasses-autograd"]
    with trace() as clean:
        torch.ones(3, requires_grad=True).exp().sum().backward()
    assert clean.findings == []
    assert "completed, no finding" in str(clean)


def test_nested_blocks_share_one_session() -> None:
    hooks = torch._C._autograd._top_saved_tensors_default_hooks
    with trace() as outer:
        with trace() as first:
            _silent()
        y = torch.ones(3, requires_grad=True).exp()
        with pytest.raises(RuntimeError), trace() as second:
            y.add_(1)
            y.sum().backward()
        with trace() as third:
            pass
    assert [len(report.findings) for report in (outer, first, second, third)] == [2, 1, 1, 0]
    assert second.findings[0].related[0].role == "saved"  # saved before the block began
    assert third.events == ()
    assert hooks(True) is None


def test_block_in_a_thread_that_was_there_before() -> None:
    start, reports = threading.Event(), []

    def work() -> None:
        start.wait()
        with pytest.raises(RuntimeError), trace() as report:
            _loud()
        reports.append(report)

    thread = threading.Thread(target=work)
    thread.start()
    with trace() as outer:
        start.set()
        thread.join()
    assert len(reports[0].findings) == len(outer.findings) == 1


def test_page_in_a_file_and_in_a_notebook(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), trace() as report:
        _loud()
    report.html(tmp_path / "report.html")
    assert "saved-tensor-modified" in (tmp_path / "report.html").read_text("utf-8")
    shown: Any = report._repr_html_()
    assert shown.startswith("<iframe") and 'sandbox="allow-scripts"' in shown
    with trace() as clean:
        pass
    assert "<iframe" not in clean._repr_html_()


def test_codes_are_those_of_the_rules() -> None:
    rules = {reason: rule.code for rule in all_rules() for reason in rule.reasons}
    assert {reason: rules[reason] for reason in CODES} == CODES
    assert {code for reason, code in rules.items() if reason not in CODES} == {SILENT}
