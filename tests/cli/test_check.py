"""``gradsafe check``: exit status, formats, selection, and what it says about input that it cannot judge."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from sample_programs import BROKEN, CLEAN, SILENT

from gradsafe.report.json_format import SCHEMA


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, "utf-8")


def test_exit_status(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write(tmp_path, broken=BROKEN, clean=CLEAN, silent=SILENT)
    assert gradsafe("check", "clean.py").status == 0
    assert gradsafe("check", "broken.py").status == 1
    assert gradsafe("check", "silent.py").status == 1  # a warning
    assert gradsafe("check", "--exit-zero", "broken.py").status == 0
    assert gradsafe("check", "missing.py").status == 2
    assert gradsafe("check").status == 1  # this folder
    assert gradsafe("check", "--output-format", "xml", "clean.py").status == 2


def test_json_is_the_contract(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write(tmp_path, broken=BROKEN)
    found = json.loads(gradsafe("check", "--output-format", "json", "broken.py").out)
    jsonschema.validate(found, json.loads((SCHEMA / "findings.schema.json").read_text("utf-8")))
    (finding,) = found
    assert (finding["filename"], finding["code"], finding["severity"]) == (
        "broken.py",
        "saved-tensor-modified",
        "error",
    )
    assert finding["location"] == {"row": 5, "column": 1} and finding["end_location"] == {
        "row": 5,
        "column": 10,
    }
    assert {each["role"]: each["location"]["row"] for each in finding["related"]} == {
        "saved": 4,
        "backward": 6,
    }
    preferred = [fix for fix in finding["fixes"] if fix["preferred"]]
    assert len(preferred) == 1 and preferred[0]["applicability"] == "safe"
    assert (
        json.loads(gradsafe("check", "--output-format", "json", "--ignore", finding["code"], "broken.py").out)
        == []
    )


@pytest.mark.parametrize("name", ["concise", "github", "sarif", "full"])
def test_every_format_names_the_line(gradsafe, tmp_path: Path, name: str) -> None:  # type: ignore[no-untyped-def]
    write(tmp_path, broken=BROKEN)
    out = gradsafe("check", "--output-format", name, "broken.py").out
    wanted = {
        "concise": "broken.py:5:1: error[saved-tensor-modified] [*]",
        "github": "::error title=gradsafe (saved-tensor-modified),file=broken.py,line=5,col=1",
        "sarif": '"startLine": 5',
        "full": "--> broken.py:5:1",
    }
    assert wanted[name] in out
    if name == "full":
        assert (
            "-  y.add_(1)".replace("  ", " ") in out and "+ y = y.add(1)" in out and "(safe, checked)" in out
        )


def test_select_and_ignore(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write(tmp_path, broken=BROKEN, silent=SILENT)
    only = gradsafe("check", "--select", "data-bypasses-autograd", "--output-format", "concise", ".").out
    assert "silent.py" in only and "broken.py" not in only
    both = gradsafe("check", "--select", "leaf-modified, graph-freed", "--select", "leaf-modified", ".")
    assert both.status == 0
    assert gradsafe("check", "--select", "leaf-modified", "--ignore", "leaf-modified", ".").status == 0


def test_unknown_rule_names_near_ones(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write(tmp_path, clean=CLEAN)
    ran = gradsafe("check", "--select", "leaf-modifed", "clean.py")
    assert ran.status == 2 and "unknown rule 'leaf-modifed'. Did you mean leaf-modified" in ran.err
    assert "There are: " in gradsafe("check", "--ignore", "qqq", "clean.py").err


def test_unfixable_stays_unfixed_and_says_so(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write(tmp_path, broken=BROKEN)
    assert "1 can be fixed with `gradsafe fix`" in gradsafe("check", "broken.py").out


def test_suppression_silences(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write(tmp_path, broken=BROKEN.replace("add_(1)", "add_(1)  # gradsafe: ignore[saved-tensor-modified]"))
    assert gradsafe("check", "broken.py").status == 0


BAD = {
    "not UTF-8": (b"\n\nx = '\xff'\n", "bad.py: is not UTF-8: byte 0xff in line 3", 2),
    "unknown encoding": (b"# -*- coding: klingon -*-\n", "bad.py: its encoding cannot be told", 2),
    "syntax error": (BROKEN.encode() + b"def (:\n", "bad.py:7:5: syntax error", 1),
    "empty": (b"", "No findings in 1 file.", 0),
    "null": (b"x = 1\0\n", "bad.py:1:", 0),
    "deeply nested": (b"x = " + b"[" * 5000 + b"]" * 5000 + b"\n" + BROKEN.encode(), "bad.py:1:", 1),
}


@pytest.mark.parametrize(("data", "message", "status"), BAD.values(), ids=BAD.keys())
def test_bad_files_are_named_and_the_rest_is_judged(
    gradsafe, tmp_path: Path, data: bytes, message: str, status: int
) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "bad.py").write_bytes(data)
    ran = gradsafe("check", "bad.py")
    assert message in ran.out + ran.err
    assert ran.status == status
    write(tmp_path, broken=BROKEN)
    assert "broken.py:5:1" in gradsafe("check", "--output-format", "concise", ".").out


def test_a_declared_encoding_is_honoured(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "old.py").write_bytes(b"# -*- coding: latin-1 -*-\n# \xe9\n" + BROKEN.encode())
    assert "old.py:7:1" in gradsafe("check", "--output-format", "concise", "old.py").out


def test_paths_that_mean_nothing(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "empty").mkdir()
    ran = gradsafe("check", "empty")
    assert ran.status == 2 and "empty: no Python file" in ran.err
    write(tmp_path, broken=BROKEN)
    ran = gradsafe("check", "--output-format", "concise", "missing.py", "broken.py")
    assert ran.status == 2 and "missing.py: there is no such file or folder. Check the path." in ran.err
    assert "broken.py:5:1" in ran.out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.gradsafe\n", "pyproject.toml:1:"),
        (
            "[tool.gradsafe]\nselect = ['leaf-modifed']\n",
            "unknown rule 'leaf-modifed'. Did you mean leaf-modified",
        ),
        ("[tool.gradsafe]\nselct = []\n", "unknown setting 'selct'. Did you mean \"select\"?"),
    ],
)
def test_a_broken_configuration_is_told_and_the_defaults_hold(
    gradsafe, tmp_path: Path, text: str, message: str
) -> None:  # type: ignore[no-untyped-def]
    write(tmp_path, broken=BROKEN)
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    ran = gradsafe("check", "broken.py")
    assert ran.status == 2 and message in ran.err
    if "select" not in text.replace("selct", ""):
        assert "broken.py:5:1" in ran.out


def test_an_internal_error_is_short_unless_asked(
    gradsafe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    write(tmp_path, clean=CLEAN)

    def crash(*_: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("gradsafe.cli.check.open_paths", crash)
    ran = gradsafe("check", "clean.py")
    assert ran.status == 2 and "internal error: ZeroDivisionError: oh" in ran.err and "--debug" in ran.err
    with pytest.raises(ZeroDivisionError):
        gradsafe("check", "--debug", "clean.py")


def test_no_more_fixes_are_tried_than_a_file_can_bear(
    gradsafe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    """Each one that is tried means judging the file anew; the findings are told all the same."""
    one = "h = x.exp()\nh += 1\nh.sum().backward()\n"
    write(tmp_path, long="import torch\nx = torch.ones(2, requires_grad=True)\n" + one * 5)
    monkeypatch.setattr("gradsafe.cli.check.PROOF", 40)
    done = gradsafe("check", "--no-cache", "--output-format", "json", "long.py")
    fixes = [len(each["fixes"]) for each in json.loads(done.out)]
    assert len(fixes) == 5
    assert fixes[0] > 1
    assert fixes[-1] == 1
    assert "findings were not tried" in done.err


def test_a_form_feed_sets_the_indentation_back(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """As emacs and the standard library write it between sections."""
    text = (
        "import torch\n\nx = torch.ones(3, requires_grad=True)\n"
        "\fif True:\n\ty = x.exp()\n  \f\ty.add_(1)\n\ty.sum().backward()\n"
    )
    compile(text, "model.py", "exec")
    (tmp_path / "model.py").write_text(text, "utf-8")
    ran = gradsafe("check", "--output-format", "concise", "model.py")
    assert ran.status == 1 and "model.py:6:5: error[saved-tensor-modified]" in ran.out
