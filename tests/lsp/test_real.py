"""The real analysis behind the real server: few, end to end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from lsprotocol import types
from session import REAL, Session, capabilities, connected, replace, spread
from test_code_actions import applied
from test_notebooks import FORMS, open_notebook

HEAD = "import torch\nx = torch.randn(3, requires_grad=True)\n"
BAD = HEAD + "y = x.exp()\ny.add_(1)\ny.sum().backward()\n"
GOOD = HEAD + "y = x + 2\ny.add_(1)\ny.sum().backward()\n"
LAYER = """\
import torch


def layer(x):
    h = torch.relu(x)
    h += 1
    return h
"""
CALLER = """\
import torch
from layer import layer

x = torch.randn(3, requires_grad=True)
layer(x).sum().backward()
"""


@pytest_asyncio.fixture
async def real(tmp_path: Path) -> AsyncIterator[Session]:
    """The server as it is shipped, in an empty workspace."""
    async with connected(REAL, root=tmp_path) as connection:
        yield connection


def codes(diagnostics: object) -> list[object]:
    return [diagnostic.code for diagnostic in diagnostics]  # type: ignore[attr-defined]


async def settled(session: Session, uri: str, expected: list[object]) -> None:
    """The last that was published of ``uri`` has these codes, at once or a little later."""

    def last() -> bool:
        found = [params for params in session.published if params.uri == uri]
        return bool(found) and codes(found[-1].diagnostics) == expected

    await session.until(last)


async def test_broken_and_harmless_writes_look_alike(real: Session, uri: str) -> None:
    real.open(uri, BAD)
    [found] = await real.diagnostics(uri, 1)
    assert (found.code, found.range) == ("saved-tensor-modified", spread((3, 0), (3, 9)))
    assert found.severity == types.DiagnosticSeverity.Error
    assert [each.location.range.start.line for each in found.related_information or ()] == [2, 4]
    real.change(uri, 2, GOOD)
    assert not await real.diagnostics(uri, 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_the_preferred_fix_removes_the_diagnostic(encoding: str, tmp_path: Path) -> None:
    uri = (tmp_path / "model.py").as_uri()
    text = BAD.replace("y.add_(1)", "print('😀漢'); y.add_(1)")
    async with connected(REAL, capabilities([encoding]), root=tmp_path) as session:
        session.open(uri, text)
        diagnostics = await session.diagnostics(uri, 1)
        actions = await session.actions(uri, diagnostics[0].range, diagnostics)
        [best] = [action for action in actions if action.is_preferred]
        fixed = applied(text, best.edit, uri, 1, types.PositionEncodingKind(encoding))
        assert "print('😀漢'); y = y.add(1)\n" in fixed
        session.change(uri, 2, fixed)
        assert not await session.diagnostics(uri, 2)
        assert "gradsafe: ignore" in applied(
            text, actions[-1].edit, uri, 1, types.PositionEncodingKind(encoding)
        )


async def test_a_finding_stays_while_another_line_is_half_typed(real: Session, uri: str) -> None:
    text = HEAD + "def f():\n    y = x.exp()\n    y.add_(1)\n    y.sum().backward()\n\n\nf()\n"
    real.open(uri, text)
    assert len(await real.diagnostics(uri, 1)) == 1
    for version, typed in enumerate(["    z = (", "    z = (y", "    z = (y."], 2):
        real.change(uri, version, text.replace("    y.add_(1)\n", f"    y.add_(1)\n{typed}\n"))
        assert "saved-tensor-modified" in codes(await real.diagnostics(uri, version)), typed
    real.change(uri, 9, GOOD)
    await settled(real, uri, [])


async def test_typing_key_by_key_ends_where_opening_would(real: Session, tmp_path: Path) -> None:
    uri = (tmp_path / "typed.py").as_uri()
    real.open(uri, HEAD)
    line, column = 2, 0
    for version, key in enumerate(BAD.removeprefix(HEAD), 2):
        real.change(uri, version, replace((line, column), (line, column), key))
        line, column = (line + 1, 0) if key == "\n" else (line, column + 1)
    await settled(real, uri, ["saved-tensor-modified"])
    versions = [params.version or 0 for params in real.published if params.uri == uri]
    assert versions == sorted(versions)


async def test_a_callee_in_another_open_file(real: Session, tmp_path: Path) -> None:
    layer, caller = (tmp_path / "layer.py").as_uri(), (tmp_path / "caller.py").as_uri()
    (tmp_path / "layer.py").write_text(LAYER, encoding="utf-8")
    real.open(caller, CALLER)
    await real.diagnostics(caller, 1)
    real.open(layer, LAYER)
    await settled(real, layer, ["saved-tensor-modified"])
    related = next(
        each
        for params in reversed(real.published)
        if params.uri == layer and params.diagnostics
        for each in params.diagnostics[0].related_information or ()
    )
    assert related.location.uri in (layer, caller)
    real.change(layer, 2, LAYER.replace("h += 1", "h = h + 1"))
    await settled(real, layer, [])


async def test_the_configuration_takes_effect_without_a_restart(real: Session, tmp_path: Path) -> None:
    uri = (tmp_path / "model.py").as_uri()
    real.open(uri, BAD)
    assert await real.diagnostics(uri, 1)
    configuration = tmp_path / "pyproject.toml"
    configuration.write_text('[tool.gradsafe]\nignore = ["saved-tensor-modified"]\n', encoding="utf-8")
    event = types.FileEvent(uri=configuration.as_uri(), type=types.FileChangeType.Created)
    real.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes=[event]))
    await settled(real, uri, [])


async def test_a_suppression_that_suppresses_nothing_is_faded(tmp_path: Path, uri: str) -> None:
    client = capabilities()
    assert client.text_document is not None
    assert client.text_document.publish_diagnostics is not None
    client.text_document.publish_diagnostics.tag_support = types.ClientDiagnosticsTagOptions(
        value_set=[types.DiagnosticTag.Unnecessary]
    )
    async with connected(REAL, client, root=tmp_path) as session:
        session.open(uri, BAD.replace("add_(1)", "add_(1)  # gradsafe: ignore"))
        await settled(session, uri, [])
        session.change(uri, 2, GOOD.replace("add_(1)", "add_(1)  # gradsafe: ignore"))
        await settled(session, uri, ["unused-suppression"])
        [found] = session.published[-1].diagnostics
        assert found.tags is not None
        assert list(found.tags) == [types.DiagnosticTag.Unnecessary]
        [action] = await session.actions(uri, found.range, [found])
        assert action.title == "Remove the comment (unused suppression)"
        assert action.kind == types.CodeActionKind.QuickFix and list(action.diagnostics or ()) == [found]
        text = GOOD.replace("add_(1)", "add_(1)  # gradsafe: ignore")
        session.change(uri, 3, applied(text, action.edit, uri, 2))
        await settled(session, uri, [])


async def test_of_a_suppression_only_the_code_goes_that_nothing_needs(real: Session, uri: str) -> None:
    text = BAD.replace("add_(1)", "add_(1)  # gradsafe: ignore[graph-freed, saved-tensor-modified] why")
    real.open(uri, text)
    await settled(real, uri, ["unused-suppression"])
    [found] = real.published[-1].diagnostics
    [action] = await real.actions(uri, found.range)
    assert action.title == "Remove `graph-freed` from the comment (unused suppression)"
    assert applied(text, action.edit, uri, 1) == text.replace("graph-freed, ", "")


async def test_a_suppression_that_is_misspelled_is_corrected(real: Session, uri: str) -> None:
    text = BAD.replace("add_(1)", "add_(1)  # gradsafe: ignore[saved-tensor-modifed]")
    real.open(uri, text)
    await settled(real, uri, ["saved-tensor-modified", "unused-suppression"])
    [found] = [each for each in real.published[-1].diagnostics if each.code == "unused-suppression"]
    actions = await real.actions(uri, found.range)
    [action] = [each for each in actions if each.title.endswith("(unused suppression)")]
    assert applied(text, action.edit, uri, 1) == text.replace("modifed", "modified")


async def test_a_notebook_is_one_program(real: Session) -> None:
    first, second = (FORMS[0].format(number) for number in range(2))
    open_notebook(
        real, {first: "%matplotlib inline\n" + HEAD + "y = x.exp()", second: "y.add_(1)\ny.sum().backward()"}
    )
    [found] = await real.diagnostics(second, 1)
    assert found.range == spread((0, 0), (0, 9))
    assert [each.location.uri for each in found.related_information or ()] == [first, second]
    [best] = [action for action in await real.actions(second, found.range) if action.is_preferred]
    assert best.edit is not None


async def test_a_fix_edits_two_cells_at_once(real: Session) -> None:
    first, second, third = (FORMS[0].format(number) for number in range(3))
    open_notebook(
        real,
        {
            first: HEAD + "h = x * 2\na = h.pow(2)",
            second: "b = h.sin()",
            third: "h.add_(1)\n(a + b).sum().backward()",
        },
    )
    [found] = await real.diagnostics(third, 1)
    edited = [
        sorted((change.text_document.uri, change.edits[0].new_text) for change in changes)
        for action in await real.actions(third, found.range)
        if action.edit is not None and (changes := action.edit.document_changes) and len(changes) > 1
    ]
    assert edited == [[(first, ".clone()"), (second, ".clone()")]]


@pytest.mark.parametrize(
    "text", ["", "(", "\x00", "\ufeff" + BAD, "x = " + "[" * 5000, BAD.replace("\n", "\r\n")]
)
async def test_odd_texts(real: Session, uri: str, text: str) -> None:
    real.open(uri, text)
    await real.diagnostics(uri, 1)
    real.change(uri, 2, BAD)
    await settled(real, uri, ["saved-tensor-modified"])
    assert not real.shown


@pytest.mark.torch
async def test_run_and_trace_with_torch(real: Session, uri: str) -> None:
    pytest.importorskip("torch")
    cells = BAD.replace("y = x.exp()", "# %%\ny = x.exp()")
    real.open(uri, cells)
    await real.diagnostics(uri, 1)
    told = await real.command("gradsafe.runAndTraceCell", uri, 1)
    assert told["outcome"] == "raised"
    await real.until(lambda: [d.source for d in real.published[-1].diagnostics] == ["gradsafe trace"])
    assert real.published[-1].diagnostics[0].range == spread((4, 0), (4, 9))
    assert real.shown == ["model.py, cell 1: raised RuntimeError at line 6, 1 finding (as predicted)"]


async def test_an_error_is_explained_with_links(real: Session, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("def spoil(x):\n    h = x.exp()\n    h.add_(1)\n    return h\n")
    (tmp_path / "train.py").write_text(
        "import torch\nfrom model import spoil\nspoil(torch.ones(2, requires_grad=True)).sum().backward()\n"
    )
    error = (
        'Traceback (most recent call last):\n  File "train.py", line 3, in <module>\nRuntimeError: one of the variables needed for '
        "gradient computation has been modified by an inplace operation: [torch.FloatTensor [2]], which is output 0 of "
        "ExpBackward0, is at version 1; expected version 0 instead."
    )
    told = await real.command("gradsafe.explainError", error)
    assert told["places"] == [{"file": str(tmp_path / "model.py"), "row": 3}]
    assert "- **which tensor**: a FloatTensor of sizes [2], the result of `exp`" in told["markdown"]
    assert "[model.py:3](model.py#L3): `add_()` changes `h`" in told["markdown"]
    assert "on the light bulb there: Compute a new `h`" in told["markdown"]
    (tmp_path / "cut.py").write_text(
        "import torch\nx = torch.ones(2, requires_grad=True)\nx.detach().sum().backward()\n"
    )
    error = (
        'Traceback (most recent call last):\n  File "cut.py", line 3, in <module>\nRuntimeError: element 0 of tensors does not '
        "require grad and does not have a grad_fn"
    )
    told = await real.command("gradsafe.explainError", error)
    assert told["places"] == [{"file": str(tmp_path / "cut.py"), "row": 3}]
    assert "## Where a graph is cut" in told["markdown"]
    assert "- [cut.py:3](cut.py#L3): `x.detach().sum().backward()` (`detach` gives" in told["markdown"]
    told = await real.command("gradsafe.explainError", "KeyError: 'loss'")
    assert told["places"] == []
    assert "no error of autograd" in told["markdown"]
