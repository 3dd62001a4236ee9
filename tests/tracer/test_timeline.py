"""Lanes from events: what is on them, what becomes of long runs, and that no text of a program can break the page."""

from __future__ import annotations

import errno
import json
import re
from pathlib import Path
from typing import Any

import pytest

from gradsafe_tracer.events import (
    Alias,
    BackwardEnd,
    BackwardStart,
    Event,
    Free,
    Place,
    Raise,
    Read,
    Save,
    Write,
)
from gradsafe_tracer.timeline import Finding, Related, Verdict, page, timeline, write_page
from gradsafe_tracer.timeline.data import LANES, MARKS


def _at(row: int) -> Place:
    return Place("train.py", row, 1, row, 9)


def _save(row: int, number: int, counter: int, version: int = 0, name: str | None = None) -> Save:
    return Save(_at(row), (), number, 100 + number, "exp", "result", 10 + counter, counter, version, name)


def _write(row: int, counter: int, before: int, name: str | None = None) -> Write:
    return Write(_at(row), (), 10 + counter, counter, before, before + 1, "add_", "method", True, None, name)


LOUD: list[Event] = [
    _save(3, 1, 1, name="y"),
    _save(4, 2, 2, name="other"),
    _write(5, 1, 0, "y"),
    BackwardStart(_at(6), (_at(9),), 7, "backward", "loss"),
    Read(_at(6), (), 1, 7, 1),
    Raise(_at(6), (), "version", tensor=11, save=1, backward=7, operation="exp", message="modified. Hint: x"),
    BackwardEnd(_at(6), (), 7, True),
]
FINDING = Finding(
    "saved-tensor-modified",
    "error",
    "`add_` changes `y`",
    _at(5),
    (Related("saved", _at(3), "here"),),
    Verdict.NEW,
)


def test_one_lane_a_storage_with_its_story() -> None:
    data = timeline(LOUD, [FINDING], title="train.py", text_of=lambda _: "\n".join("abcdefghi"))
    first, second = data["lanes"]
    assert (first["name"], first["findings"], second["findings"]) == ("y", [0], [])
    kinds = [(mark["kind"], mark["place"]["row"], mark["before"], mark["after"]) for mark in first["marks"]]
    assert kinds == [("saved", 3, 0, 0), ("modified", 5, 0, 1), ("read", 6, 0, 1), ("failed", 6, None, None)]
    assert data["findings"][0]["lanes"] == [first["id"]]
    assert data["findings"][0]["verdict"] == "new"
    (band,) = data["backwards"]
    assert (band["t"], band["end"], band["raised"], band["text"]) == (3, 6, True, "loss.backward()")
    assert data["files"] == [{"name": "train.py", "parts": [{"row": 1, "lines": list("abcdefghi")}]}]
    json.dumps(data)


def test_aliases_with_counters_of_their_own_share_a_lane() -> None:
    alias = [Alias(_at(1), (), 12, 11, 50, 1, "data"), Alias(_at(1), (), 12, 11, 50, 2, "data")]
    (lane,) = timeline([*alias, _save(3, 1, 1), _write(4, 2, 0)])["lanes"]
    assert [mark["kind"] for mark in lane["marks"]] == ["saved", "modified"]


def test_what_was_freed_stands_on_every_lane_of_the_node() -> None:
    events = [_save(3, 1, 1), BackwardStart(_at(6), (), 7, "backward"), Free(_at(6), (), 101, 7)]
    (lane,) = timeline(events)["lanes"]
    assert [mark["kind"] for mark in lane["marks"]] == ["saved", "freed"]
    assert lane["name"] == "result of exp"


def test_size_is_bounded_and_failures_stay() -> None:
    many: list[Event] = [_save(1, number, number + 100) for number in range(1000)]
    long: list[Event] = [
        event for step in range(5000) for event in (_save(3, 1, 1, step), _write(5, 1, step, "y"))
    ]
    data = timeline([*many, *long[:5000], *LOUD[3:], *long[5000:]], [FINDING], text_of=lambda _: "x\n" * 9000)
    assert len(data["lanes"]) == LANES
    assert data["left_out"]["lanes"] == 1001 - LANES
    marks = data["lanes"][0]["marks"]
    assert len(marks) <= 2 * MARKS
    assert "failed" in {mark["kind"] for mark in marks}
    assert data["left_out"]["marks"] > 0
    assert len(page(data)) < 300_000
    assert sum(len(part["lines"]) for part in data["files"][0]["parts"]) < 100


def test_no_text_of_the_program_can_leave_its_place() -> None:
    evil = "</script><script>alert(1)</script><!-- {{DATA}} {{SCRIPT}} \u2028 \udc80"
    html = page(timeline(LOUD, [FINDING], title=evil, outcome=evil, text_of=lambda _: evil))
    html.encode("utf-8")
    assert html.count("<script") == html.count("</script>") == 2
    assert "alert(1)</script>" not in html
    assert _data(html)["outcome"] == evil


def test_page_loads_nothing() -> None:
    html = page(timeline(LOUD, [FINDING]))
    assert "default-src 'none'" in html
    addresses = set(re.findall(r"https?://[^\s'\"]+", html))
    assert addresses == {"http://www.w3.org/2000/svg"}  # a name, not an address
    assert not re.search(r"\b(src|href)=|@import|fetch\(|XMLHttpRequest", html)
    assert " style=" not in html  # the policy forbids it


def test_nothing_seen_is_a_page_too() -> None:
    assert _data(page(timeline([])))["lanes"] == []


def _data(html: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    return json.loads(found.group(1))


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = tmp_path / "report.html"
    write_page(report, "first")

    def full(self: Path, text: str, encoding: str) -> int:
        self.write_bytes(text[:3].encode(encoding))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        write_page(report, "second")
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    assert report.read_bytes() == b"first"
