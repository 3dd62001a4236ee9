"""What is run again after an edit, and that it does not matter: incremental and fresh answers are equal."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from programs import LAYERS, MAIN, edited
from tests.endurance.equality import said

from gradsafe.interp.analyse import Root
from gradsafe.interp.world import GivenUp
from gradsafe.project.result import FileResult
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings
from gradsafe.rules.finding import Severity
from gradsafe.syntax.span import Span


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(Settings(), str(tmp_path))


def two_files(session: Session) -> tuple[str, str]:
    folder = Path(session.workspace.root)
    main, layers = str(folder / "main.py"), str(folder / "layers.py")
    session.set_text(main, MAIN)
    session.set_text(layers, LAYERS)
    return main, layers


def rows(session: Session, result: FileResult) -> list[int]:
    places = [session.place(finding.primary) for finding in result.findings]
    return [place.row for place in places if place is not None]


def test_a_blank_line_at_the_top_costs_nothing_and_moves_everything(session: Session) -> None:
    main, layers = two_files(session)
    before = session.check(main), session.check(layers)
    assert all(result.findings for result in before)
    moved = [[row + 1 for row in rows(session, result)] for result in before]
    related = [session.place(each.place) for each in before[0].findings[0].related]
    session.set_text(main, "\n" + MAIN)
    session.set_text(layers, "\n" + LAYERS)
    after = session.check(main), session.check(layers)
    for result in after:
        assert (result.work.chunks_parsed, result.work.instructions, result.work.roots_run) == (0, 0, 0)
    assert [rows(session, result) for result in after] == moved
    assert [
        place.row - 1 for each in after[0].findings[0].related if (place := session.place(each.place))
    ] == [place.row for place in related if place is not None]


def test_an_edit_runs_what_read_it_and_nothing_else(session: Session) -> None:
    main, layers = two_files(session)
    everything = session.check(main).work
    assert everything.roots_run == everything.roots
    session.set_text(main, MAIN.replace("y.add_(1)", "y.add_(2)"))
    work = session.check(main).work
    assert (work.chunks_parsed, work.roots_run) == (1, 2)  # first, and the module body that calls it
    session.set_text(main, MAIN.replace("STEPS = 3", "STEPS = 2"))
    assert session.check(main).work.roots_run == 2  # the module body, and train; first is as it was before
    session.set_text(layers, LAYERS.replace("x.mul_(by)", "x.add_(by)"))
    assert (
        session.check(main).work.roots_run == 1
    )  # the module body calls scale; scale's own root is another file's
    session.set_text(main, MAIN + "\n\ndef third(x):\n    return x\n")
    assert session.check(main).work.roots_run == 2  # third, and the module body


def test_undo_finds_the_old_result_again(session: Session) -> None:
    main, _ = two_files(session)
    first = said(session, session.check(main))
    session.set_text(main, MAIN.replace("h += 1", "h = h + 1"))
    assert said(session, session.check(main)) != first
    session.set_text(main, MAIN)
    again = session.check(main)
    assert said(session, again) == first
    assert (again.work.chunks_parsed, again.work.roots_run) == (0, 0)


def test_quick_runs_the_edited_root_and_leaves_its_callers(session: Session) -> None:
    _, layers = two_files(session)
    session.check(layers)
    session.set_text(layers, LAYERS.replace("x.mul_(by)", "x.mul_(by).add_(1)"))
    quick = session.quick(layers)
    assert quick.work.roots_run == 1
    assert not quick.complete
    left = session.pending(layers)
    assert [root.names for root in left] == [()]
    session.outcome(left[0])
    assert session.pending(layers) == []
    assert said(session, session.quick(layers)) == said(session, session.check(layers))


def test_a_signature_is_its_functions_own_text(session: Session) -> None:
    """A module's own statements are run with the defaults that it gives, when there is time."""
    _, layers = two_files(session)
    session.check(layers)
    session.set_text(layers, LAYERS.replace("def ", "def  ", 1))
    assert session.quick(layers).work.roots_run == 1
    assert () in {root.names for root in session.pending(layers)}
    fresh = Session(Settings(), session.workspace.root)
    two_files(fresh)
    fresh.set_text(layers, session.workspace.text(layers) or "")
    assert said(session, session.check(layers)) == said(fresh, fresh.check(layers))


READERS = "import torch\n" + "".join(f"\n\ndef read{i}(x):\n    return x.exp()\n" for i in range(9))


def test_past_a_few_instructions_what_writes_nothing_waits(session: Session) -> None:
    main, _ = two_files(session)
    writers = "".join(
        f"\n\ndef write{i}(x):\n    y = x.exp()\n    y.add_(1)\n    return y\n" for i in range(9)
    )
    session.set_text(main, READERS + writers)
    first = session.quick(main, most=40)
    assert 1 < first.work.roots_run < 9
    assert not first.complete
    assert {"write0", "write1"} & {
        finding.primary.chunk.qualname for finding in first.findings if isinstance(finding.primary, Span)
    }
    for root in session.pending(main):
        session.outcome(root)
    assert session.quick(main).complete
    fresh = Session(Settings(), session.workspace.root)
    two_files(fresh)
    fresh.set_text(main, READERS + writers)
    assert said(session, session.check(main)) == said(fresh, fresh.check(main))


def test_a_notebook_is_judged_as_the_text_of_its_cells(session: Session, tmp_path: Path) -> None:
    sources = ["%pip install torch\nimport torch\nx = torch.ones(2, requires_grad=True)", "x.add_(1)\n"]
    cells = [{"cell_type": "code", "source": source} for source in sources]
    file = str(tmp_path / "a.ipynb")
    Path(file).write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": "#"}, *cells]}))
    result = session.check(file)
    place = session.place(result.findings[0].primary)
    notebook = session.workspace.notebook(file)
    assert place is not None
    assert notebook is not None
    assert result.layout is not None
    assert notebook.cell_at(result.layout.offset(place.row, place.column)) == (2, 0)
    assert not result.problems


def test_what_is_imported_is_neither_read_nor_cut_for_nothing(tmp_path: Path) -> None:
    """In a large package everything imports everything: to know whose roots decide on a file is no reason to read it all."""
    for number in range(20):
        (tmp_path / f"m{number}.py").write_text(
            f"import m{number + 1}\n\n\ndef f{number}(x):\n    return x\n"
        )
    file, other = str(tmp_path / "a.py"), str(tmp_path / "b.py")
    session = Session(Settings(), str(tmp_path))
    session.set_text(file, "import m0\n\n\ndef g(x):\n    y = x.exp()\n    y.add_(1)\n    return y\n")
    assert session.check(file).findings
    read = {Path(each).name for each in session.workspace._files}
    assert "m2.py" not in read
    session.set_text(other, "x = 1\n")
    session.check(other)
    session.set_text(file, "import m0\n\n\ndef g(x):\n    y = x.exp()\n    return y\n")
    assert not session.quick(
        other
    ).findings  # may the edited file find something there? That is asked of what it imports
    assert "m9.py" in {Path(each).name for each in session.workspace._files}
    cut = {Path(name).name for name, each in session.workspace._files.items() if getattr(each, "tree", None)}
    assert "m9.py" not in cut


@pytest.mark.parametrize(
    "line",
    [
        "y, (h, c) = nn.LSTM(4, 4)(torch.ones(4))",
        "y, h = nn.GRU(4, 4, batch_first=True)(torch.ones(()))",
        "y = nn.LSTMCell(4, 4)(torch.ones(()))",
        "y = nn.Conv2d(1, 1, 3, stride=0)(torch.ones(1, 1, 5, 5))",
        "y = nn.MaxPool2d(2, stride=0)(torch.ones(1))",
        "y = F.pixel_shuffle(torch.ones(1, 4, 2, 2), 0)",
        "y = F.interpolate(torch.ones(1, 1, 2), scale_factor=1e308)",
        "y = torch.ones(2, 3).reshape(0, -1)",
        "y = torch.ones(()).unfold(0, 2, 0)",
        "y = torch.diag_embed(torch.ones(()))",
        "y = torch.ones(3).chunk(0)",
        "y = torch.ones(3).split(0)",
    ],
)
def test_shapes_that_torch_refuses_harm_nobody(session: Session, line: str) -> None:
    file = str(Path(session.workspace.root) / "a.py")
    text = f"import torch\nimport torch.nn.functional as F\nfrom torch import nn\n{line}\ny.add_(1)\n\n\ndef f(x):\n    z = x.exp()\n    z.add_(1)\n    return z\n"
    session.set_text(file, text)
    assert session.check(file).findings


def test_no_prefix_of_a_program_raises(session: Session) -> None:
    main, _ = two_files(session)
    for end in range(0, len(MAIN), 11):
        session.set_text(main, MAIN[:end])
        session.check(main)


def test_a_name_that_was_not_found_is_a_dependency(session: Session) -> None:
    main, _ = two_files(session)
    session.set_text(main, "from later import make\nx = make()\nx.sum().backward()\n")
    assert not session.check(main).findings
    later = str(Path(session.workspace.root) / "later.py")
    text = "import torch\ndef make():\n    x = torch.randn(3, requires_grad=True)\n    y = x.exp()\n    y.add_(1)\n    return y\n"
    session.set_text(later, text)
    assert session.check(main).work.roots_run > 0
    assert [finding.severity for finding in session.check(later).findings] == [Severity.ERROR]
    session.drop(later)
    assert not session.check(main).findings


def test_findings_are_shown_where_their_primary_place_is(session: Session) -> None:
    _, layers = two_files(session)
    alone = Session(Settings(), session.workspace.root)
    alone.set_text(layers, LAYERS)
    # main passes a saved tensor to scale: the write stands in layers, the root that finds it in main.
    assert "scale" in MAIN
    with_main = rows(session, session.check(layers))
    without = rows(alone, alone.check(layers))
    assert set(without) < set(with_main)


def test_of_many_files_each_costs_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in questions for the result of a root: who has looked into a file is not searched for."""
    session = Session(Settings(), str(tmp_path))
    asked: list[str] = []
    original = Session._holding

    def holding(self: Session, root: Root) -> object:
        asked.append(root.file)
        return original(self, root)

    monkeypatch.setattr(Session, "_holding", holding)
    counts = []
    for number in range(40):
        asked.clear()
        file = str(tmp_path / f"part_{number}.py")
        session.set_text(file, "import torch\n\n\ndef f(x):\n    return x.exp().add_(1)\n")
        session.quick(file)
        session.check(file)
        counts.append(len(asked))
    assert len(set(counts[1:])) == 1, counts


def test_a_file_that_comes_into_being_is_found(tmp_path: Path) -> None:
    """Whoever was told that there is no such module looks again; also where the editor has it, but the disk does not."""
    session = Session(Settings(), str(tmp_path))
    user, made = str(tmp_path / "user.py"), str(tmp_path / "made.py")
    session.set_text(user, "from made import y\ny.add_(1)\ny.sum().backward()\n")
    assert not session.check(user).findings
    session.set_text(made, "import torch\ny = torch.ones(2, requires_grad=True).exp()\n")
    assert len(session.check(user).findings) == 1
    session.drop(made)
    assert not session.check(user).findings
    Path(made).write_text("import torch\ny = torch.ones(2, requires_grad=True).exp()\n")
    session.refresh()
    assert len(session.check(user).findings) == 1
    session.set_text(made, "y = None\n")
    assert not session.check(user).findings
    session.drop(made)
    assert len(session.check(user).findings) == 1


def test_broken_syntax_is_a_problem_and_the_rest_is_judged(session: Session) -> None:
    main, _ = two_files(session)
    whole = session.check(main)
    session.set_text(main, MAIN.replace("return y.sum()", "return y.sum("))
    broken = session.check(main)
    assert ["never closed" in problem.message for problem in broken.problems] == [True]
    place = session.place(broken.problems[0].where)
    assert place is not None
    assert place.row == MAIN[: MAIN.index("return y.sum()")].count("\n") + 1
    assert {f.code for f in broken.findings} == {f.code for f in whole.findings}
    session.set_text(main, MAIN.replace("    y = x.exp()", "      y = x.exp()"))
    assert "unexpected indent" in session.check(main).problems[0].message
    session.set_text(main, "def f():\n")
    assert "indented block" in session.check(main).problems[0].message


def test_what_cannot_be_read_is_a_problem(session: Session, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_bytes(b"\xff\xfe")
    for name in ("bad.py", "none.py", "."):
        result = session.check(str(tmp_path / name))
        assert result.findings == ()
        assert [problem.kind.value for problem in result.problems] == ["unreadable"]
    (tmp_path / "good.py").write_text("import torch\nx = torch.ones(2, requires_grad=True)\nx.add_(1)\n")
    assert [f.code for f in session.check(str(tmp_path / "good.py")).findings] == ["leaf-modified"]
    (tmp_path / "good.py").write_text("")
    assert session.check(str(tmp_path / "good.py")).findings
    session.refresh()
    assert not session.check(str(tmp_path / "good.py")).findings


def test_a_file_goes_by_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    session = Session(Settings(), ".")
    session.open(["main.py"])
    (tmp_path / "main.py").write_text(MAIN)
    (tmp_path / "layers.py").write_text(LAYERS)
    named = session.check("main.py")
    assert named.file == "main.py"
    assert session.check(str(tmp_path / "main.py")).work.roots_run == 0
    assert {f.where.chunk.file for f in named.findings if hasattr(f.where, "chunk")} == {"main.py"}


def test_a_root_that_is_given_up_leaves_no_trace_and_is_run_again(session: Session) -> None:
    main, layers = two_files(session)
    roots = session.pending(main)
    asked: list[int] = []
    for root in roots:
        for patience in (0, 1, 3, 10):
            asked.clear()

            def give_up(patience: int = patience) -> bool:
                asked.append(1)
                return len(asked) > patience

            try:
                session.outcome(root, give_up)
            except GivenUp:
                assert session.known(root) is None
                assert len(asked) == patience + 1
    assert session.counts()["roots run"] < len(roots)
    fresh = Session(Settings(), session.workspace.root)
    two_files(fresh)
    for each in (main, layers):
        assert said(session, session.check(each)) == said(fresh, fresh.check(each))


INSIDE = """\
import torch


class Other:
    pass


def f(x):
    class Base(torch.autograd.Function):
        pass

    class Exp(Base):
        @staticmethod
        def forward(ctx, x):
            return x.exp()

    return Exp.apply(x)
"""
ALONE = """\
import torch


class L(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.exp()


def f(x):
    return L.apply(x)
"""


@pytest.mark.parametrize(("text", "gone"), [(ALONE, "import torch\n"), (INSIDE, "torch.autograd.Function")])
def test_a_class_whose_base_has_gone_is_another_class(session: Session, text: str, gone: str) -> None:
    """Its statement, or that of its base, is the same: the order of its bases was once remembered by that."""
    file = str(Path(session.workspace.root) / "a.py")
    outcomes = []
    for each in (text, text.replace(gone, ""), text):
        session.set_text(file, each)
        fresh = Session(Settings(), session.workspace.root)
        fresh.set_text(file, each)
        for one in (session, fresh):
            one.check(file)
            outcomes.append({root.names: kept.outcome for root, kept in one.results(file)})
    assert outcomes[0] == outcomes[1] == outcomes[4] == outcomes[5]
    assert outcomes[2] == outcomes[3]
    assert outcomes[2]["f",].called_without_grad != outcomes[0]["f",].called_without_grad


@pytest.mark.parametrize("seed", range(5))
def test_incremental_equals_fresh_after_each_of_100_edits(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    session = Session(Settings(), str(tmp_path))
    files = two_files(session)
    texts = dict(zip(files, (MAIN, LAYERS), strict=True))
    history = [dict(texts)]
    for number in range(100):
        file = files[rng.random() < 0.35]
        if rng.random() < 0.15:  # undo
            texts = dict(rng.choice(history[-6:]))
        elif rng.random() < 0.1 or len(texts[file]) > 4 * len(MAIN):
            texts = dict(history[0])
        else:
            texts[file] = edited(texts[file], rng)
        history.append(dict(texts))
        for each in files:
            session.set_text(each, texts[each])
        if rng.random() < 0.3:
            session.quick(file)
        fresh = Session(Settings(), str(tmp_path))
        for each in files:
            fresh.set_text(each, texts[each])
        for each in files:
            assert said(session, session.check(each)) == said(fresh, fresh.check(each)), (seed, number)
