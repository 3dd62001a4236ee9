"""``generate(seed, level)``: a program of the kind whose turn it is. Torch decides whether the kind was met."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.oracle.grade import WRONG

from . import judge
from .emit import Wishes
from .judge import BYPASS, Judged
from .memory import Memory

ATTEMPTS = 60

# Each level's turns: at least one in three raises, every kind comes by, and near misses are as many as errors.
TURNS: dict[int, tuple[str, ...]] = {
    1: ("saved-tensor-modified", "near-miss", "saved-tensor-modified", "near-miss", "leaf-modified", "near-miss",
        "graph-freed", "near-miss", "leaf-view-modified", "near-miss"),
    2: ("saved-tensor-modified", "near-miss", "saved-tensor-modified", "near-miss", "multi-output-view-modified",
        "near-miss", "expanded-tensor-modified", "near-miss", WRONG, "near-miss", "leaf-view-modified", "near-miss",
        "inference-tensor-saved", "near-miss", "graph-freed", "near-miss", "no-grad-view-modified", "near-miss",
        "inference-tensor-modified", "leaf-modified"),
}  # fmt: skip
TURNS[3] = TURNS[2]
TURNS[4] = ("saved-tensor-modified", "near-miss", "saved-tensor-modified", "near-miss", "graph-freed", "near-miss",
            "saved-tensor-modified", "near-miss", WRONG, "near-miss", "leaf-modified", "near-miss")  # fmt: skip

_WISHES: dict[str, dict[str, float]] = {
    "saved-tensor-modified": {"write": 1.5},
    "near-miss": {"write": 1.2},
    "leaf-modified": {"leaf": 4, "write": 2, "setitem": 0.1},
    "leaf-view-modified": {"leaf": 4, "write": 2, "setitem": 5},
    "multi-output-view-modified": {"multi": 8, "write": 0.3},
    "expanded-tensor-modified": {"expand": 12, "write": 0.3},
    "inference-tensor-modified": {"inference": 12, "write": 0.3},
    "inference-tensor-saved": {"inference": 12, "write": 0.3},
    "no-grad-view-modified": {"nograd": 5, "write": 1.5},
    "graph-freed": {"twice": 9, "write": 0.4},
    WRONG: {"data": 6, "nograd": 5, "write": 0.3},
}


@dataclass(frozen=True)
class Generated:
    """A program and what torch says of it."""

    seed: int
    level: int
    wanted: str
    text: str
    judged: Judged


def generate(seed: int, level: int) -> Generated:
    """The program of this seed and level: always the same for one version of the fuzzer and of torch."""
    wanted = TURNS[level][seed % len(TURNS[level])]
    best: Generated | None = None
    for attempt in range(ATTEMPTS):
        rng = random.Random(f"{seed}/{level}/{attempt}")
        text = write(rng, level, Wishes(_WISHES.get(wanted, {})))
        kind = judge.quick(text)
        if kind == "broken" or (kind != wanted and best is not None and not _maybe(kind, wanted)):
            continue
        judged = judge.judge(text)
        if judged.kind == "broken":
            continue
        made = Generated(seed, level, wanted, text, judged)
        if judged.kind == wanted:
            return made
        best = best or made
    if best is None:
        raise RuntimeError(f"seed {seed}, level {level}: no usable program in {ATTEMPTS} attempts")
    return best


def _maybe(kind: str, wanted: str) -> bool:
    return kind == BYPASS and wanted in (WRONG, "near-miss")


def write(rng: random.Random, level: int, wishes: Wishes) -> str:
    """One random program of a level."""
    if level == 4:
        from .nets import write_net

        return write_net(rng, wishes)
    if level == 3:
        from .language import write_language

        return write_language(rng, wishes)
    return _straight(rng, level, wishes)


def _straight(rng: random.Random, level: int, wishes: Wishes) -> str:
    out = Memory(rng, wishes)
    out.emit("import torch")
    out.emit("import torch.nn.functional as F")
    out.emit("")
    wrapped = rng.random() < 0.5
    if wrapped:
        out.emit("")
        out.emit("def main():")
        out.depth += 1
    first = out.leaf()
    if rng.random() < 0.5:
        out.leaf(first.shape)
    if rng.random() < 0.4:
        out.data(first.shape)
    for _ in range(rng.randint(3, 9 if level == 1 else 12)):
        out.weighted(out.menu(level))
    out.finish()
    if wrapped:
        out.depth -= 1
        out.lines += ["", "", "main()"]
    return "\n".join(out.lines) + "\n"
