"""How exact the trace is, counted: ``python -m tests.tracer.exactness``. The tests hold the same, one by one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from gradsafe_tracer import trace
from gradsafe_tracer.events import Place
from gradsafe_tracer.seen import places

from . import loud_programs, safe_programs, silent_programs
from .test_loud import differs, marked

CORPUS = Path(__file__).parents[1] / "corpus" / "cases.jsonl"


def silent_rows(program: Callable[[], None]) -> set[int]:
    """The rows that a trace blames for a wrong gradient."""
    with trace() as report:
        program()
    return {event.place.row for event in report.wrong_gradients if isinstance(event.place, Place)}


def wanted_rows(program: Callable[[], None]) -> set[int]:
    """The rows that the program marks."""
    import inspect

    lines, first = inspect.getsourcelines(program)
    return {first + number for number, line in enumerate(lines) if line.rstrip().endswith("# wrong")}


def main() -> None:
    for module in (loud_programs, silent_programs, safe_programs):
        places.mark_user_file(module.__file__)
    for light, name in ((False, "full"), (True, "--light")):
        exact = sum(differs(program, light) is None for program in loud_programs.PROGRAMS)
        print(f"loud programs, {name}: {exact} of {len(loud_programs.PROGRAMS)} with every marked line exact")
    lines = sum(len(rows) for program in loud_programs.PROGRAMS for rows in marked(program).values())
    print(f"lines marked in them: {lines}")
    print(_found("silent programs", silent_programs.PROGRAMS))
    print(_found("safe programs", safe_programs.PROGRAMS))
    cases = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    print(f"cases of the corpus, each a test of test_corpus_traced.py: {len(cases)}")


def _found(name: str, programs: Iterable[Callable[[], None]]) -> str:
    right = [silent_rows(program) == wanted_rows(program) for program in programs]
    return f"{name}: {sum(right)} of {len(right)} judged right, at the marked line"


if __name__ == "__main__":
    main()
