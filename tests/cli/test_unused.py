"""Comments that silence nothing: told by ``gradsafe check``, taken out by ``gradsafe fix``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sample_programs import BROKEN, CLEAN

CODE = "unused-suppression"
HEAD = "import torch\n\nx = torch.randn(3, requires_grad=True)\n"
IDLE = HEAD + "y = x + 1  # gradsafe: ignore[graph-freed]\n"


def told(gradsafe, *arguments: str) -> list[dict]:  # type: ignore[no-untyped-def,type-arg]
    found: list[dict] = json.loads(gradsafe("check", "--output-format", "json", *arguments).out)  # type: ignore[type-arg]
    return found


@pytest.mark.parametrize("output_format", ["full", "concise", "json", "sarif", "github"])
def test_each_format_tells_of_it_and_the_status_stays(gradsafe, tmp_path: Path, output_format: str) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "idle.py").write_text(IDLE, "utf-8")
    for _ in range(2):  # the second run finds the results of the first
        ran = gradsafe("check", "--output-format", output_format, "--cache-dir", "kept", "idle.py")
        assert ran.status == 0 and CODE in ran.out and "`graph-freed`" in ran.out
    [found] = told(gradsafe, "--cache-dir", "kept", "idle.py")
    assert found["severity"] == "hint" and found["location"] == {"row": 4, "column": 12}
    assert found["fixes"][0]["preferred"] and "torch says" not in ran.out


def test_a_code_that_no_rule_has_is_told_with_the_nearest(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    text = BROKEN.replace("y.add_(1)", "y.add_(1)  # gradsafe: ignore[saved-tensor, qqqqq]")
    (tmp_path / "model.py").write_text(text, "utf-8")
    messages = {each["code"]: each["message"] for each in told(gradsafe, "model.py")}
    assert set(messages) == {"saved-tensor-modified", CODE}
    assert "no rule is called `saved-tensor`, did you mean `saved-tensor-modified`?" in messages[CODE]
    assert "no rule is called `qqqqq`" in messages[CODE]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (BROKEN.replace("y.add_(1)", "y.add_(1)  # gradsafe: ignore"), []),
        (IDLE + "z = (\n", []),
        (IDLE.replace("graph-freed", "no-such"), [CODE]),
        (IDLE.replace("graph-freed", "no-such") + "def f(:\n", [CODE]),
        (IDLE.replace("graph-freed", f"graph-freed, {CODE}"), []),
        (f"# gradsafe: ignore-file[{CODE}]\n{IDLE}", []),
        (IDLE.replace("graph-freed", "needless-copy"), []),
        ("# gradsafe: ignore-file[graph-freed]\n" + CLEAN, [CODE]),
    ],
)
def test_what_is_unused(gradsafe, tmp_path: Path, text: str, codes: list[str]) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "model.py").write_text(text, "utf-8")
    assert [each["code"] for each in told(gradsafe, "model.py")] == codes


def test_settings_switch_it_off_and_raise_it(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "idle.py").write_text(IDLE, "utf-8")
    assert told(gradsafe, "--ignore", CODE, "idle.py") == []
    assert told(gradsafe, "--select", "graph-freed", "idle.py") == []
    configuration = tmp_path / "pyproject.toml"
    configuration.write_text(f'[tool.gradsafe]\nignore = ["{CODE}"]\n', "utf-8")
    assert told(gradsafe, "idle.py") == []
    configuration.write_text(f'[tool.gradsafe.severity]\n{CODE} = "warning"\n', "utf-8")
    assert gradsafe("check", "idle.py").status == 1


def test_a_rule_that_is_off_makes_no_comment_unused(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    text = BROKEN.replace("y.add_(1)", "y.add_(1)  # gradsafe: ignore[saved-tensor-modified]")
    (tmp_path / "model.py").write_text(text, "utf-8")
    assert told(gradsafe, "--ignore", "saved-tensor-modified", "model.py") == []
    (tmp_path / "pyproject.toml").write_text('[tool.gradsafe]\nignore = ["saved-tensor-modified"]\n', "utf-8")
    assert told(gradsafe, "model.py") == []


def test_nothing_is_unused_behind_a_bound(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    many = "".join(f"    if a{number}:\n        x = x * {number + 2}\n" for number in range(12))
    names = ", ".join(f"a{number}" for number in range(12))
    text = f"import torch\n\ndef f(x: torch.Tensor, {names}):\n{many}    return x  # gradsafe: ignore\n"
    (tmp_path / "many.py").write_text(text, "utf-8")
    assert "[paths]" in gradsafe("check", "-v", "many.py").err
    assert told(gradsafe, "many.py") == []
    text = HEAD + (
        "for i in range(100):\n    y = x.exp()\n    y.add_(1)  # gradsafe: ignore\n    y.sum().backward()\n"
        "z = x + 1  # gradsafe: ignore\n"
    )
    (tmp_path / "long.py").write_text(text, "utf-8")
    assert "[rounds]" in gradsafe("check", "-v", "long.py").err
    assert [each["code"] for each in told(gradsafe, "long.py")] == [CODE]


def test_a_baseline_knows_them_and_ignores_are_not_added_for_them(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "idle.py").write_text(IDLE, "utf-8")
    gradsafe("check", "--write-baseline", "known.json", "idle.py")
    assert told(gradsafe, "--baseline", "known.json", "idle.py") == []
    assert "0 findings ignored" in gradsafe("check", "--add-ignores", "idle.py").err
    gradsafe("fix", "idle.py")
    assert "1 finding of known.json is gone" in gradsafe("check", "--baseline", "known.json", "idle.py").err


def test_fix_takes_out_the_comment_and_nothing_else(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    text = (
        "# gradsafe: ignore-file[graph-freed]\n" + HEAD + "if x is not None:\n"
        "\ty = x.exp()  # noqa  # gradsafe: ignore[graph-freed]  \n"
        "\t# gradsafe: ignore\n"
        "\ty.add_(1)  # gradsafe: ignore[graph-freed, saved-tensor-modified]  # fmt: skip\n"
        "\ty.sum().backward()\t# gradsafe: ignore[saved-tensor] since 2.1\n"
        "z = x + 1  # gradsafe: ignore # noqa\n"
        "w = '# gradsafe: ignore'  # gradsafe: ignore"
    ).replace("\n", "\r\n")
    file = tmp_path / "model.py"
    file.write_bytes(text.encode())
    assert "7 fixes were applied in 1 file." in gradsafe("fix", "model.py").err
    assert file.read_bytes().decode() == (
        HEAD + "if x is not None:\n"
        "\ty = x.exp()  # noqa\n"
        "\ty.add_(1)  # gradsafe: ignore[saved-tensor-modified]  # fmt: skip\n"
        "\ty.sum().backward()\t# since 2.1\n"
        "z = x + 1  # noqa\n"
        "w = '# gradsafe: ignore'"
    ).replace("\n", "\r\n")
    assert told(gradsafe, "model.py") == []


def test_a_code_is_corrected_where_that_silences_a_finding(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    wrong = BROKEN.replace(
        "y.add_(1)", "y.add_(1)  # gradsafe: ignore[saved-tensor-modifed, graph-freed]  # known"
    )
    file = tmp_path / "model.py"
    file.write_text(wrong, "utf-8")
    assert any(
        "did you mean `saved-tensor-modified`?" in each["message"] for each in told(gradsafe, "model.py")
    )
    gradsafe("fix", "--select", CODE, "model.py")
    assert file.read_text("utf-8") == wrong.replace(
        "saved-tensor-modifed, graph-freed", "saved-tensor-modified"
    )
    assert told(gradsafe, "model.py") == []


def test_a_comment_stays_where_a_file_that_was_not_named_may_need_it(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    lib = "import torch\n\ndef scale(t, s):\n    y = t * s\n    s.add_(1)  # gradsafe: ignore[saved-tensor-modified]\n    return y\n"
    caller = HEAD + "import torch\nfrom lib import scale\n\nscale(x, torch.ones(3)).sum().backward()\n"
    (tmp_path / "lib.py").write_text(lib, "utf-8")
    assert gradsafe("fix", "--diff", "lib.py").status == 1
    (tmp_path / "main.py").write_text(caller, "utf-8")
    done = gradsafe("fix", "lib.py")
    assert "Comments of modules that other files import were left: name those files as well." in done.err
    assert (tmp_path / "lib.py").read_text("utf-8") == lib
    assert "0 fixes were applied" in gradsafe("fix", "lib.py", "main.py").err
    assert gradsafe("fix", "--diff", "--unsafe-fixes", "lib.py").status == 1


def test_it_has_a_page(gradsafe) -> None:  # type: ignore[no-untyped-def]
    assert "# unused-suppression" in gradsafe("rule", CODE).out


@pytest.mark.torch
def test_a_run_is_not_compared_with_what_is_said_of_comments(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "idle.py").write_text(IDLE, "utf-8")
    assert "predicted nothing" in gradsafe("trace", "idle.py").out
