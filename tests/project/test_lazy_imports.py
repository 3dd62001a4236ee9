"""An imported name is looked up when it is used: what a package holds besides costs nothing, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradsafe.project.result import FileResult
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings

TRAIN = "x = torch.ones(2, requires_grad=True)\ny = exp(x)\nspoil(y)\ny.sum().backward()\n"
SPOIL = "def exp(x):\n    return x.exp()\n\ndef spoil(x):\n    x.add_(1)\n"


def check(folder: Path, texts: dict[str, str]) -> tuple[Session, FileResult]:
    """``main.py`` judged beside the other files."""
    session = Session(Settings(), str(folder))
    for name, text in texts.items():
        session.set_text(str(folder / name), text)
    return session, session.check(str(folder / "main.py"))


def codes(folder: Path, texts: dict[str, str], file: str) -> list[tuple[str, str]]:
    session, _ = check(folder, texts)
    return [(each.code, each.severity.value) for each in session.check(str(folder / file)).findings]


def test_modules_that_are_imported_and_not_used_are_not_parsed(tmp_path: Path) -> None:
    parts = {
        f"pkg/part{i}.py": f"from .part{(i + 1) % 200} import Part{(i + 1) % 200}\n"
        f"class Part{i}:\n    base = Part{(i + 1) % 200}\n"
        for i in range(200)
    }
    package = {"pkg/__init__.py": "".join(f"from .part{i} import Part{i}\n" for i in range(200))}
    texts = {**parts, **package, "main.py": "from pkg import Part7, Part8\nprint(Part7())\n"}
    session, result = check(tmp_path, texts)
    assert result.complete
    assert session.workspace.lowered.parsed < 1_000
    few = {**package, "pkg/part7.py": "class Part7:\n    pass\n", "main.py": texts["main.py"]}
    session, _ = check(tmp_path, few)
    assert session.workspace.lowered.parsed < 10


@pytest.mark.parametrize(
    "texts",
    [
        {"a.py": "import torch\nfrom b import exp, spoil\n" + TRAIN, "b.py": SPOIL},
        {"a.py": "import torch\nfrom b import *\n" + TRAIN, "b.py": "from c import *\n", "c.py": SPOIL},
        {"a.py": "import torch\nfrom b import exp, spoil\n" + TRAIN, "b.py": "from a import torch\n" + SPOIL},
        {
            "a.py": "import torch\ntry:\n    from b import exp, spoil\nexcept ImportError:\n    exp = None\n"
            + TRAIN,
            "b.py": SPOIL,
        },
        {
            "a.py": "import torch\ndef run():\n    from b import exp, spoil\n"
            + "".join(f"    {line}\n" for line in TRAIN.splitlines())
            + "run()\n",
            "b.py": SPOIL,
        },
        {
            "a.py": "import torch\nclass Tools:\n    from b import exp, spoil\n"
            + TRAIN.replace("exp(x)", "Tools.exp(x)").replace("spoil(y)", "Tools.spoil(y)"),
            "b.py": SPOIL,
        },
    ],
    ids=["plain", "star", "circle", "try", "in-a-function", "in-a-class"],
)
def test_a_name_means_what_it_means_in_python(texts: dict[str, str], tmp_path: Path) -> None:
    found = codes(tmp_path, {**texts, "main.py": "import a\n"}, "a.py")
    elsewhere = codes(tmp_path, {**texts, "main.py": "import a\n"}, "c.py" if "c.py" in texts else "b.py")
    assert found or elsewhere
    assert {*found, *elsewhere} == {("saved-tensor-modified", "error")}


def test_a_function_replaced_in_its_module_stays_what_it_was_where_it_was_imported(tmp_path: Path) -> None:
    patch = "import b\nfrom b import spoil\ndef harmless(x):\n    pass\nb.spoil = harmless\n"
    old = "import torch\nfrom b import exp\n" + patch + TRAIN
    assert codes(tmp_path, {"main.py": old, "b.py": SPOIL}, "b.py") == [("saved-tensor-modified", "error")]
    late = "import torch\nfrom b import exp\n" + patch + "from b import spoil\n" + TRAIN
    assert codes(tmp_path, {"main.py": late, "b.py": SPOIL}, "b.py") == []
    asked = "import torch\nfrom b import exp\n" + patch + TRAIN.replace("spoil(", "b.spoil(")
    assert codes(tmp_path, {"main.py": asked, "b.py": SPOIL}, "b.py") == []


def test_imports_in_a_circle_that_bind_nothing_end(tmp_path: Path) -> None:
    texts = {
        "a.py": "from b import x\n",
        "b.py": "from a import x\n",
        "main.py": "from a import x\nx.add_(1)\n",
    }
    assert codes(tmp_path, texts, "main.py") == []


def test_what_a_root_needs_of_other_statements_is_bounded(tmp_path: Path) -> None:
    busy = "def busy():\n    n = 0\n    for i in (1, 2, 3, 4, 5, 6, 7, 8, 9):\n        n += sum([i] * 9)\n    return n\n"
    constants = "".join(f"n{i} = busy()\n" for i in range(2_000))
    uses = "import m\n" + "".join(f"print(m.n{i})\n" for i in range(2_000))
    _, result = check(tmp_path, {"m.py": busy + constants, "main.py": uses})
    assert "imports" in {limit.budget for limit in result.limits}
