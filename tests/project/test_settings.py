"""``[tool.gradsafe]``: what it may say, and what is said of mistakes in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradsafe.project.settings import Settings, load, overlay, parse
from gradsafe.rules.finding import Severity

CODES = ("graph-freed", "leaf-modified", "saved-tensor-modified")


def test_everything_at_once(tmp_path: Path) -> None:
    text = """
[project]
name = "x"

[tool.gradsafe]
select = ["leaf-modified", "graph-freed"]
ignore = ["graph-freed"]
exclude = ["old/", "*_pb2.py"]

[tool.gradsafe.severity]
leaf-modified = "hint"

[tool.gradsafe.per-file-ignores]
"tests/*" = ["leaf-modified"]
"""
    (tmp_path / "pyproject.toml").write_text(text)
    (tmp_path / "src").mkdir()
    loaded = load(str(tmp_path / "src"), CODES)
    assert loaded.problems == ()
    assert loaded.file == str(tmp_path / "pyproject.toml")
    settings = loaded.settings
    assert settings.select == frozenset({"leaf-modified", "graph-freed"})
    assert settings.exclude == ("old/", "*_pb2.py")
    assert settings.severity == {"leaf-modified": Severity.HINT}
    assert settings.wants("leaf-modified", str(tmp_path / "src" / "a.py"))
    assert not settings.wants("leaf-modified", str(tmp_path / "tests" / "a.py"))
    assert not settings.wants("graph-freed", str(tmp_path / "a.py"))
    assert not settings.wants("saved-tensor-modified", str(tmp_path / "a.py"))
    assert settings.wants("leaf-modified", "/elsewhere/tests/a.py")


@pytest.mark.parametrize(
    ("text", "row", "column", "message", "remedy"),
    [
        ("[tool.gradsafe]\nselct = []\n", 2, 1, "unknown setting 'selct'", 'Did you mean "select"?'),
        ("a = 1\n[tool.gradsafe]\nignore = 'all'\n", 3, 1, "'ignore' must be a list", "Write ignore"),
        (
            "[tool.gradsafe]\nignore = ['leaf-modifed']\n",
            2,
            12,
            "unknown rule 'leaf-modifed'",
            "leaf-modified",
        ),
        ("[tool.gradsafe]\nseverity = { graph-freed = 'bad' }\n", 2, 14, "unknown severity 'bad'", "error"),
        ("[tool.gradsafe.severity]\nfreed = 'hint'\n", 2, 1, "unknown rule 'freed'", "graph-freed"),
        ("[tool.gradsafe]\nper-file-ignores = []\n", 2, 1, "'per-file-ignores' must be a table", "Write"),
        ("[tool]\ngradsafe = 3\n", 2, 1, "must be a table", "[tool.gradsafe]"),
        ("[tool.gradsafe]\nx = \n", 2, 5, "not TOML", "defaults"),
        ("[tool.gradsafe]\nselect = [1]\n", 2, 1, "list of strings", "Write select"),
    ],
)
def test_a_mistake_has_a_place_and_a_remedy(
    text: str, row: int, column: int, message: str, remedy: str
) -> None:
    loaded = parse("pyproject.toml", text, CODES)
    (problem,) = loaded.problems
    assert (problem.row, problem.column) == (row, column)
    assert message in problem.message
    assert remedy in problem.remedy
    assert loaded.settings.wants("leaf-modified", "a.py")


def test_what_is_right_holds_beside_what_is_wrong() -> None:
    text = "[tool.gradsafe]\nignore = ['nothing', 'graph-freed']\nexclude = 3\n"
    loaded = parse("pyproject.toml", text, CODES)
    assert len(loaded.problems) == 2
    assert loaded.settings.ignore == {"graph-freed"}
    assert loaded.settings.exclude == ()
    none = parse("pyproject.toml", "[tool.gradsafe]\nselect = []\n", CODES)
    assert not none.settings.wants("graph-freed", "a.py")


def test_no_file_no_table_no_settings(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\n")
    assert load(str(folder), CODES).settings == Settings(str(tmp_path / "a"))
    (tmp_path / "a" / "pyproject.toml").write_bytes(b"\xff\xff")
    (problem,) = load(str(folder), CODES).problems
    assert "pyproject.toml" in problem.message


def test_an_editor_may_say_what_it_likes_over_it() -> None:
    base = Settings(
        "/p",
        frozenset({"graph-freed"}),
        frozenset({"leaf-modified"}),
        severity={"graph-freed": Severity.HINT},
    )
    said = {"ignore": ["saved-tensor-modified"], "severity": {"graph-freed": "error"}, "exclude": ["all"]}
    over = overlay(base, said, CODES)
    assert over.settings == Settings(
        "/p",
        frozenset({"graph-freed"}),
        frozenset({"leaf-modified", "saved-tensor-modified"}),
        severity={"graph-freed": Severity.ERROR},
    )
    assert over.problems == ()
    over = overlay(base, {"select": ["leaf-modifed"], "severity": 3}, CODES)
    assert over.settings.select == frozenset()
    assert [problem.message for problem in over.problems] == [
        "unknown rule 'leaf-modifed'",
        "'severity' must be a table",
    ]
