"""libcst can kill the process; behind the guard nothing does, even on a stack of one megabyte.

Each hostile text is built with links around the guard's limits: what the guard lets through is parsed in
a child process. Nothing is timed: what would take for ever is a text that the guard must refuse.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from gradsafe.syntax.guard import MAX_DEPTH, MAX_HEIGHT, MAX_PATTERN_DEPTH, MAX_TEXT, refusal
from gradsafe.syntax.parse import Parsed, Unmodelled, parse

HOSTILE = {
    "parentheses": lambda n: "(" * n + "x" + ")" * n,
    "lists": lambda n: "[" * n + "]" * n,
    "unclosed": lambda n: "f(" * n,
    "broken inside": lambda n: "[" * n + "x y" + "]" * n,
    "calls inside": lambda n: "f(" * n + ")" * n,
    "mappings": lambda n: "{1:" * n + "1" + "}" * n,
    "indices inside": lambda n: "x[" * n + "1" + "]" * n,
    "attributes": lambda n: "x" + ".a" * n,
    "calls": lambda n: "x" + "()" * n,
    "indices": lambda n: "x" + "[0]" * n,
    "sums": lambda n: "x" + "+x" * n,
    "powers": lambda n: "x" + "**x" * n,
    "ands": lambda n: "x" + " and x" * n,
    "nots": lambda n: "not " * n + "x",
    "minus": lambda n: "-" * n + "x",
    "awaits": lambda n: "(await " * n + "x" + ")" * n,
    "lambdas": lambda n: "lambda:" * n + "x",
    "lambdas with parameters": lambda n: "lambda a, b=1:" * n + "x",
    "choices": lambda n: "x if x else " * n + "x",
    "comprehension": lambda n: "[x " + "for x, y in x " * n + "]",
    "strings": lambda n: "'a' " * n,
    "strings on lines": lambda n: "(" + "'a'\n" * n + ")",
    "f-string": lambda n: "f'{" + "(" * n + "x" + ")" * n + "}'",
    "f-string sums": lambda n: "f'{x" + "+x" * n + "}'",
    "clauses": lambda n: "if x: pass\n" + "elif x: pass\n" * n,
    "blocks": lambda n: "".join(" " * i + "if x:\n" for i in range(min(n, 900))) + " " * n + "x",
    "walrus": lambda n: "(x:=" * n + "x" + ")" * n,
    "import": lambda n: "import x" + ".a" * n,
    "case lists": lambda n: "match x:\n case " + "[" * n + "]" * n + ": pass",
    "case mappings": lambda n: "match x:\n case " + "{1:" * n + "x" + "}" * n + ": pass",
    "case classes": lambda n: "match x:\n case " + "A(b=" * n + "x" + ")" * n + ": pass",
    "sums in parentheses": lambda n: "(" * n + "x" + ("+x" * min(n, 150) + ")") * n,
    "sums in lists": lambda n: "[" * n + "x" + ("+x" * 20 + "]") * n,
    "trailers in calls": lambda n: "f(" * n + "x" + (".a" * 20 + ")") * n,
    "lambdas in lists": lambda n: "[lambda x, y:" * n + "x" + "]" * n,
    "targets": lambda n: "x=" * n + "x",
    "with": lambda n: "with " + "x," * n + "x: pass",
    "comparisons": lambda n: "x" + "<x" * n,
    "decorators": lambda n: "@x\n" * n + "def f(): pass",
    "yields": lambda n: "(yield " * n + ")" * n,
}
LINKS = (MAX_PATTERN_DEPTH - 1, 39, MAX_DEPTH - 1, MAX_DEPTH, 99, MAX_HEIGHT - 1, MAX_HEIGHT, 1000, 20_000)

CHILD = """
import sys, threading
sys.path[:0] = sys.argv[1:2]
from test_guard import HOSTILE, LINKS
from gradsafe.syntax.parse import parse
def judge():
    for name in HOSTILE:
        for links in LINKS:
            print(name, links, flush=True)
            parse(HOSTILE[name](links) + "\\n")
            parse("    " + HOSTILE[name](links).replace("\\n", "\\n    ") + "\\n")
    print("survived", flush=True)
threading.stack_size(1 << 20)
thread = threading.Thread(target=judge)
thread.start()
thread.join()
"""


def test_no_hostile_text_kills_the_process() -> None:
    folder = __file__.rpartition("test_guard.py")[0]
    done = subprocess.run([sys.executable, "-c", CHILD, folder], capture_output=True, text=True, check=False)
    last = done.stdout.splitlines()[-1:]
    assert done.returncode == 0, f"killed by {done.returncode} at {last}: {done.stderr[-500:]}"
    assert last == ["survived"], done.stderr[-2000:]


@pytest.mark.parametrize("name", HOSTILE)
def test_twenty_thousand_links_are_refused_or_flat(name: str) -> None:
    flat = {"targets", "with", "decorators"}
    assert (refusal(HOSTILE[name](20_000)) is None) == (name in flat)


@pytest.mark.parametrize(
    "text",
    [
        "x = [" + "lambda a, b: a.b(c) + 1,\n" * 800 + "]\n",
        "x = {" + "'name': -1.5,\n" * 2000 + "}\n",
        "x = [" + "f(a.b.c)[0].d,\n" * 1000 + "]\n",
        "'''" + "((((((((((((((((( . . . . . \n" * 200 + "'''\n",
        "f(" + "a=b.c(d),\n" * 500 + ")\n",
        "# " + "(" * 500 + "\nx = 1\n",
        "x = '" + "(" * 500 + "'\n",
    ],
)
def test_wide_is_not_deep(text: str) -> None:
    assert refusal(text) is None
    assert isinstance(parse(text), Parsed)


def test_a_huge_statement_is_refused_with_its_place() -> None:
    assert parse("x = [" + "1, " * MAX_TEXT + "]") == Unmodelled(
        "more than 64 kB in one statement, or below line 32,000 of code", 0, refused=True
    )
    deep = parse("x = " + "(" * (MAX_DEPTH + 1) + ")" * (MAX_DEPTH + 1))
    assert deep == Unmodelled(f"brackets nested deeper than {MAX_DEPTH}", 4 + MAX_DEPTH, refused=True)
