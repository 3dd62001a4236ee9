"""The project's own rules: names that agree, imports in one direction, files that fit on a screen or a few."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.facts.index import FACTS, PAGE, cited, with_index
from tools.rule_pages.generate import readme_with_table, rule_files

from gradsafe.cli.catalogue import pages
from gradsafe.rules.base import all_rules

ROOT = Path(__file__).parents[1]
SERVER = ROOT / "server"
PACKAGE = SERVER / "gradsafe"
ORDER = [
    "syntax",
    "ir",
    "ops",
    "domain",
    "interp",
    "rules",
    "fixes",
    "project",
    "report",
    "judging",
    "explain",
    "trace",
    "lsp",
    "cli",
]
ONLY_IN = {
    "pygls": {"lsp"},
    "lsprotocol": {"lsp"},
    "libcst": {"syntax", "ir", "fixes"},
    "torch": set(),
    "numpy": set(),
}
MAX_FILE, MAX_FUNCTION = 450, 60
SECTIONS = ("## What it does", "## Why", "## Example", "## Use instead")


def modules(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "tables" not in path.parts)


OWN = modules(PACKAGE)
ALL = [*modules(SERVER), *modules(ROOT / "tools"), *modules(ROOT / "tests")]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else "cli"


@pytest.mark.parametrize("path", OWN, ids=named)
def test_imports_go_one_way(path: Path) -> None:
    mine = layer(path)
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "gradsafe_tracer":
            assert parts[1:2] in ([], ["events"], ["timeline"]), (
                f"{name}: only the parts without torch may be imported"
            )
        if parts[0] == "gradsafe" and len(parts) > 1 and parts[1] in ORDER:
            assert ORDER.index(parts[1]) <= ORDER.index(mine), f"{mine} must not import {name}"
        if parts[0] in ONLY_IN:
            assert mine in ONLY_IN[parts[0]], f"{name} may be imported in {sorted(ONLY_IN[parts[0]])} only"


def test_what_the_server_may_import_of_the_tracer_needs_no_torch() -> None:
    code = "import sys, gradsafe_tracer.events, gradsafe_tracer.timeline; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("path", modules(SERVER / "gradsafe_tracer"), ids=named)
def test_the_tracer_knows_nothing_of_the_server(path: Path) -> None:
    assert not [name for name in imports(path) if name.split(".")[0] == "gradsafe"]


@pytest.mark.parametrize("path", ALL, ids=named)
def test_sizes_and_names(path: Path) -> None:
    text = path.read_text("utf-8")
    rows = text.count("\n")
    assert rows <= MAX_FILE, f"{rows} lines: split it"
    assert path.stem not in ("utils", "util", "helpers", "misc")
    if {"fixtures", "corpus", "cases"} & set(path.parts):
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < MAX_FUNCTION, f"{node.name} is too long"


@pytest.mark.parametrize("path", OWN, ids=named)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert not tree.body or ast.get_docstring(tree)


def test_nothing_of_this_machine_is_committed() -> None:
    root = str(ROOT)
    for path in [*ALL, *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "Makefile"]:
        assert path == Path(__file__) or root not in path.read_text("utf-8"), named(path)


def test_codes_are_file_names_are_pages_are_the_readme() -> None:
    codes = set(pages())
    files = {rule.code for rule in all_rules() if type(rule).__module__.endswith(rule.code.replace("-", "_"))}
    documents = {path.stem for path in (ROOT / "docs" / "rules").glob("*.md")} - {"index"}
    table = set(re.findall(r"^\| \[`([a-z-]+)`\]", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE))
    assert codes == files == documents == table


def test_generated_pages_are_up_to_date() -> None:
    for name, text in rule_files().items():
        assert (ROOT / "docs" / "rules" / name).read_text("utf-8") == text, f"{name}: run `make rule-pages`"
    readme = (ROOT / "README.md").read_text("utf-8")
    assert readme_with_table(readme) == readme, "README.md: run `make rule-pages`"


def test_every_measured_fact_has_a_fixture() -> None:
    """The forty facts of section 9 of docs/AUTOGRAD.md, each graded by torch in `tests/test_oracle.py`."""
    held = cited()
    assert [f"9.{number}" for number in FACTS["9"] if f"9.{number}" not in held] == []
    page = PAGE.read_text("utf-8")
    assert with_index(page) == page, "docs/AUTOGRAD.md: run `make facts`"


@pytest.mark.parametrize("code", pages())
def test_page_has_its_sections(code: str) -> None:
    found = re.findall(r"^## .*$", pages()[code], re.MULTILINE)
    assert tuple(found[:4]) == SECTIONS and found[4:] in (["## Silence"], ["## Myth", "## Silence"])


def block(code: str, section: str) -> str:
    """The program in a section of a rule's page."""
    text = pages()[code].split(f"## {section}\n")[1].split("\n## ")[0]
    programs = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(programs) == 1, f"{code}: one program in {section}, please"
    return str(programs[0])


def run(program: str) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    exec(compile(program, "page.py", "exec"), {"__name__": "__main__"})


@pytest.mark.torch
@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_the_example_fails_as_the_page_says(rule) -> None:  # type: ignore[no-untyped-def]
    program = block(rule.code, "Example")
    if rule.is_advice or rule.is_of_comments:
        run(program)  # nothing is wrong with it
        return
    if rule.silent:
        assert "assert" in program, "torch is silent: the program itself must show the wrong gradient"
        run(program)
        return
    with pytest.raises(RuntimeError) as raised:
        run(program)
    why = " ".join(rule.page().split("## Why")[1].split("## Example")[0].split())
    told = [
        re.escape(each).replace(re.escape("..."), ".*")
        for each in re.findall(r"`([^`]+)`", why)
        if len(each) > 40
    ]
    assert any(re.search(each, " ".join(str(raised.value).split())) for each in told), raised.value


@pytest.mark.torch
@pytest.mark.parametrize("code", pages())
def test_what_the_page_advises_runs(code: str) -> None:
    run(block(code, "Use instead"))
