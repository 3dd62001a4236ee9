"""What the pages tell people to copy can be read by what it is for."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradsafe.lsp.options import Options, read_options
from gradsafe.project.settings import KEYS, OVERLAID, parse
from gradsafe.rules.base import all_rules

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path
    for path in (
        ROOT / "README.md",
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "client/walkthrough").glob("*.md"),
    )
)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
CODES = tuple(rule.code for rule in all_rules())


def snippets(*languages: str) -> list[Any]:
    return list(_snippets(*languages))


def _snippets(*languages: str) -> Iterator[Any]:
    for page in PAGES:
        text = page.read_text("utf-8")
        for found in _BLOCK.finditer(text):
            if found.group(1) in languages:
                row = text.count("\n", 0, found.start()) + 1
                yield pytest.param(found.group(2), id=f"{page.name}:{row}")


@pytest.mark.parametrize("text", snippets("json", "jsonc"))
def test_json(text: str) -> None:
    assert json.loads(text)


@pytest.mark.parametrize("text", snippets("toml"))
def test_toml(text: str) -> None:
    data = tomllib.loads(text)
    if "gradsafe" in data.get("tool", {}):
        known = parse("pyproject.toml", text, CODES)
        # The files that an example names are not there.
        assert [each.message for each in known.problems if not each.message.startswith("there is no")] == []


@pytest.mark.parametrize("text", snippets("lua"))
def test_lua(text: str, tmp_path: Path) -> None:
    """Neovim reads it, where there is one; else its brackets are counted, at least."""
    nvim = shutil.which("nvim")
    if nvim is None:
        assert all(text.count(left) == text.count(right) for left, right in ("()", "{}", "[]"))
        assert len(re.findall(r"\b(?:function|then|do)\b", text)) == len(re.findall(r"\bend\b", text))
        return
    file = tmp_path / "init.lua"
    file.write_text(text, "utf-8")
    check = f"lua local f, why = loadfile([[{file}]]); if not f then print(why) vim.cmd('cquit') end"
    ran = subprocess.run(
        [nvim, "--headless", "--clean", "-c", check, "-c", "quit"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("text", snippets("elisp"))
def test_elisp(text: str) -> None:
    depth = 0
    for letter in re.sub(r'"[^"]*"|;.*', "", text):
        depth += (letter == "(") - (letter == ")")
        assert depth >= 0
    assert depth == 0


@pytest.mark.parametrize("text", snippets("python"))
def test_python(text: str) -> None:
    ast.parse(text)


def test_every_option_is_in_the_table_of_the_page() -> None:
    page = (ROOT / "docs/editors.md").read_text("utf-8")
    named = set(re.findall(r"`([\w.]+)`", page.split("`initializationOptions`")[1].split("**Hover**")[0]))
    spoken = {
        "trusted": False,
        "codeLens": False,
        "diagnosticMode": "workspace",
        "hover.tensors": False,
        "inlayHints.versions": True,
        "trace.interpreter": "python",
        "trace.timeout": 1,
        "trace.memoryLimit": 1,
        "trace.idleTimeout": 1,
        "trace.arguments": ["x"],
        "trace.versionHints": False,
        "trace.notification": True,
        "select": ["x"],
        "ignore": ["x"],
        "severity": {"x": "hint"},
        "advice": True,
        "tensorNames": ["x"],
        "entryPoints": ["x"],
    }
    assert spoken.keys() <= named
    read: dict[str, Any] = {}
    for name, value in spoken.items():
        *outer, last = name.split(".")
        inner = read
        for each in outer:
            inner = inner.setdefault(each, {})
        inner[last] = value
    options, default = read_options(read), Options()
    same = [name for name in Options.__dataclass_fields__ if getattr(options, name) == getattr(default, name)]
    assert not same, "an option that the page does not name"
    assert options.editor.keys() == set(OVERLAID)


def test_every_setting_is_in_the_example_of_the_page() -> None:
    page = (ROOT / "docs/configuration.md").read_text("utf-8")
    example = next(found.group(2) for found in _BLOCK.finditer(page) if found.group(1) == "toml")
    assert tomllib.loads(example)["tool"]["gradsafe"].keys() == set(KEYS)
