"""What the benchmark types is what a client would send, and its page says what was measured. Nothing is timed here."""

from __future__ import annotations

import pytest
from tools.bench import whole
from tools.bench.checked import ALONE, COLD, KEPT, OTHER, Run
from tools.bench.goals import goals
from tools.bench.material import KINDS, Material, keys
from tools.bench.page import Results, page, tables
from tools.bench.peers import FLOOR, GRADSAFE, TORCHFIX, Installed
from tools.bench.typed import Times, median, p95

TEXT = """\
import torch


@torch.no_grad()
def first(x):
    y = x + 1
    return y


class Net:
    def forward(self, x, é="é"):
        return x


LAST = 1
"""


def _offset(text: str, place: dict[str, int]) -> int:
    lines = text.split("\n")
    return sum(len(line) + 1 for line in lines[: place["line"]]) + place["character"]


@pytest.mark.parametrize("kind", KINDS)
def test_edits_come_to_the_text_that_they_tell(kind: str) -> None:
    text, texts = TEXT, []
    for key in keys(TEXT, kind):
        text = text[: _offset(text, key.start)] + key.new + text[_offset(text, key.end) :]
        assert text == key.text
        texts.append(text)
    assert len(texts) > 5 and text == TEXT
    compile(texts[-2], "typed", "exec")


def test_a_file_without_such_a_place() -> None:
    assert list(keys("x = 1\n", "in a method")) == []


def test_the_page_says_what_is_kept_and_what_is_missed() -> None:
    times = Times({(FLOOR.name, 100, KINDS[0]): [1.0], (GRADSAFE.name, 100, KINDS[0]): [4.0, 50.0, 4.5]})
    runs = [
        Run(ALONE, 4, 90, 0),
        Run(COLD, 2, 100, 0),
        Run(OTHER, 8, 50, 0),
    ]
    assert [(goal.value, goal.is_kept) for goal in goals(times, runs)] == [
        (4.5, True),
        (50.0, False),
        (4.0, False),
        (100, True),
    ]
    servers = tuple(Installed(peer, peer.command, "1.0") for peer in (FLOOR, GRADSAFE))
    results = Results(
        servers,
        Installed(TORCHFIX, ("torchfix",), "0.7"),
        (Material(100, "a.py", TEXT),),
        times,
        runs,
        3,
        ("pylsp is not there",),
    )
    text = page(results, "python -m tools.bench", "Alone.", "2026-01-01")
    assert (
        "4.5 / 50.0" in text
        and "**missed**" in text
        and "pylsp is not there" in text
        and "TorchFix 0.7" in text
    )
    assert len(list(tables(results))) > 4


def test_of_nothing_there_is_no_median() -> None:
    assert (median([]), p95([]), p95([1.0, 2.0, 3.0])) == (None, None, 3.0)


def test_the_page_of_the_whole_package_tells_runs_and_goals() -> None:
    runs = [
        Run(COLD, 200.0, 500.0, 0),
        Run(KEPT, 1.9, 100.0, 0),
        Run(OTHER, 900.0, 300.0, 0),
    ]
    told = whole.page(runs, 2_912, ", TorchFix 0.7.0", "Nothing else ran.")
    assert "| nothing kept: how many times as fast as TorchFix | 4.50 | 5 |" in told
    assert "| results kept, s | 1.9 | 2 |" in told and "| peak memory, MB | 500 | 600 |" in told
    assert "how many times" not in whole.page(runs[:2], 2_912, "", "")
