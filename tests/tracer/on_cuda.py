"""All programs and fixtures with every tensor on a GPU: ``python -m tests.tracer.on_cuda``; ``--cost`` for what a trace costs there,
``--fuzz SEED --count N`` for generated programs: predicted, run plain, and traced.

A measurement, not a test: which kernel runs, and so what it saves, is the device's affair, and a program that needs NumPy
ends at once. What is counted: whether the traced run is the plain run, and whether the lines are those of a CPU.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tests.fuzz.batches import batch
from tests.fuzz.generate import Generated
from tests.oracle.markers import parse
from tests.oracle.report import FIXTURES, fixture_files

from gradsafe.rules.certainty.judge import judge_log
from gradsafe_tracer.events import Place
from gradsafe_tracer.seen import places

from . import loud_programs, overhead, running, safe_programs, silent_programs
from .exactness import silent_rows, wanted_rows
from .test_fixtures_traced import _bodies
from .test_loud import differs

LEVELS = (1, 3, 4)
"""Level 2 writes through NumPy in most of its programs, or names the CPU."""


def ends(program: Callable[[], None]) -> str:
    """The error of an untraced run, or nothing."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            program()
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return ""


def loud() -> Counter[str]:
    found: Counter[str] = Counter()
    for program in loud_programs.PROGRAMS:
        if not ends(program).startswith("RuntimeError"):
            print(f"loud {program.__name__}: plain run ends with {ends(program)!r}")
            found["runs otherwise on this device"] += 1
            continue
        wrong = [text for light in (False, True) if (text := differs(program, light))]
        found["exact" if not wrong else "differs"] += 1
        if wrong:
            print(f"loud {program.__name__}: {wrong}")
    return found


def quiet(name: str, programs: list[Callable[[], None]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for program in programs:
        if error := ends(program):
            print(f"{name} {program.__name__}: plain run ends with {error!r}")
            found["does not run on this device"] += 1
            continue
        rows, wanted = silent_rows(program), wanted_rows(program)
        found["exact" if rows == wanted else "differs"] += 1
        if rows != wanted:
            print(f"{name} {program.__name__}: {rows}, not {wanted}")
    return found


def fixtures() -> Counter[str]:
    """Each fixture plain and traced; its findings beside its markers."""
    found: Counter[str] = Counter()
    for path in fixture_files():
        text, rows, changed = path.read_text(encoding="utf-8"), set(), []
        name = str(path.relative_to(FIXTURES))
        for scenario, body in _bodies(path, text):
            plain, traced = running.run(path, False, body), running.run(path, True, body)
            changed += [f"{scenario}: {line}" for line in running.differences(plain, traced, _close)]
            for one in judge_log(traced.events):
                rows.add((one.primary.row if isinstance(one.primary, Place) else 0, one.code))
        markers = parse(text)
        wanted = {(m.line, m.slug) for m in markers.of_kinds("error", "warning", "gap")}
        meant = {(m.line, m.slug) for m in markers.of_kinds("meant")}
        found["run changed by the trace" if changed else "the same run"] += 1
        found["other lines than on a CPU" if rows - meant != wanted else "lines of a CPU"] += 1
        if changed or rows - meant != wanted:
            print(name, changed[:3], f"more: {rows - meant - wanted}", f"less: {wanted - rows}")
    return found


def _close(one: Any, other: Any) -> bool:
    """Atomic additions come in any order: equal up to rounding."""
    if one is None or other is None:
        return one is other
    if one.is_sparse or other.is_sparse:
        one, other = one.to_dense(), other.to_dense()
    return bool(one.shape == other.shape and torch.allclose(one.double(), other.double(), 1e-3, 1e-5, True))


def cost() -> None:
    """Seconds of a step by the clock, the device waited for."""

    def clock() -> float:
        torch.cuda.synchronize()
        return time.perf_counter()

    print(
        overhead.table(
            [
                *overhead.CASES,
                ("ResNet18, 128x3x224x224", lambda: overhead.resnet18(128, 224), 4),
                ("GPT, 12 blocks of 768, 16x512", lambda: overhead.gpt(12, 768, 16, 512), 4),
            ],
            clock,
        )
    )


def fuzz(seed: int, count: int) -> None:
    """Programs of each level whose kinds all run on a GPU, one process for all."""
    with tempfile.TemporaryDirectory() as folder:
        for level in LEVELS:
            made, rows = batch((level, seed, seed + count))
            print(f"level {level} predicted:", dict(Counter((row.outcome, row.kind) for row in rows)))
            traced = Counter(_traced(one, Path(folder, f"p{one.level}_{one.seed}.py")) for one in made)
            print(f"level {level} traced:", dict(traced))


def _traced(program: Generated, path: Path) -> str:
    path.write_text(program.text, encoding="utf-8")
    plain, traced = running.run(path, False), running.run(path, True)
    if changed := running.differences(plain, traced, _close):
        print(f"seed {program.seed}, level {program.level}: {changed[:3]}\n{program.text}")
        return "changed by the trace"
    found = {
        (one.primary.row, one.code) for one in judge_log(traced.events) if isinstance(one.primary, Place)
    }
    told = {(verdict.line, verdict.slug) for verdict in program.judged.verdicts}
    if found == told or (plain.error is not None and found and found <= told):
        return "the same run, the lines of the oracle"
    print(f"seed {program.seed}, level {program.level}: {found}, and the oracle {told}\n{program.text}")
    return "the same run, other lines"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.tracer.on_cuda", description=__doc__)
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--fuzz", type=int, metavar="SEED")
    parser.add_argument("--count", type=int, default=25)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_default_device("cuda")
    print(f"torch {torch.__version__}, {torch.cuda.get_device_name()}")
    for module in (loud_programs, silent_programs, safe_programs, overhead):
        places.mark_user_file(str(module.__file__))
    if options.fuzz is not None:
        return fuzz(options.fuzz, options.count)
    if options.cost:
        return cost()
    print("loud programs:", dict(loud()))
    print("silent programs:", dict(quiet("silent", silent_programs.PROGRAMS)))
    print("safe programs:", dict(quiet("safe", safe_programs.PROGRAMS)))
    print("fixtures:", dict(fixtures()))
    return None


if __name__ == "__main__":
    main()
