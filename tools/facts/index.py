"""A fixture names the facts that it holds in its docstring: ``AUTOGRAD 9.6`` or ``AUTOGRAD 7.12``."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "AUTOGRAD.md"
FIXTURES = ROOT / "tests" / "fixtures"
BEGIN, END = "<!-- fixtures: made by `make facts` -->", "<!-- end of fixtures -->"
FACTS = {"9": range(1, 41), "7": range(1, 44)}
"""Section and numbers of the facts that fixtures have to hold."""

_CITED = re.compile(r"AUTOGRAD(?:\.md)? (?:section )?(\d+(?:\.\d+)?(?:(?:, | and )\d+\.\d+)*)")


def cited() -> dict[str, list[str]]:
    """``9.6`` to the fixtures (``folder/file.py`` or ``folder/file.py: function``) that name it."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(FIXTURES.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        name = path.relative_to(FIXTURES).as_posix()
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)):
                where = name if isinstance(node, ast.Module) else f"{name}: {node.name}"
                for fact in _facts(ast.get_docstring(node) or ""):
                    found[fact].append(where)
    return found


def _facts(docstring: str) -> list[str]:
    return [fact for group in _CITED.findall(docstring) for fact in re.findall(r"\d+\.\d+", group)]


def with_index(page: str) -> str:
    """The page with the table between its two marks made anew."""
    by_fact = cited()
    numbers = [f"{section}.{number}" for section, all_of in FACTS.items() for number in all_of]
    rows = "\n".join(f"| {number} | {'; '.join(by_fact.get(number, ['none']))} |" for number in numbers)
    table = f"{BEGIN}\n\n| fact | fixtures in `tests/fixtures` |\n|---|---|\n{rows}\n\n{END}"
    return re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: table, page, flags=re.DOTALL)
