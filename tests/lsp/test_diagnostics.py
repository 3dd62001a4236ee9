"""Diagnostics as you type."""

from __future__ import annotations

import pytest
from lsprotocol import types
from session import Session, capabilities, connected, replace, spread

BAD = "y = x.exp()\ny.add_(1)\n"


async def test_a_diagnostic_says_everything(session: Session, uri: str) -> None:
    session.open(uri, BAD)
    [found] = await session.diagnostics(uri, 1)
    assert found.range == spread((1, 0), (1, 9))
    assert found.severity == types.DiagnosticSeverity.Error
    assert found.source == "gradsafe"
    assert found.code == "saved-tensor-modified"
    assert found.code_description is not None
    assert found.code_description.href.endswith("saved-tensor-modified")
    assert found.related_information is not None
    [saved] = found.related_information
    assert (saved.message, saved.location.uri, saved.location.range) == (
        "saved here",
        uri,
        spread((0, 0), (0, 1)),
    )


async def test_it_follows_incremental_edits(session: Session, uri: str) -> None:
    session.open(uri, BAD)
    session.change(uri, 2, replace((0, 0), (0, 0), "\n\n"))
    [found] = await session.diagnostics(uri, 2)
    assert found.range.start.line == 3
    session.change(uri, 3, replace((3, 1), (3, 9), " = y.add(1)"))
    assert not await session.diagnostics(uri, 3)
    session.change(uri, 4, replace((3, 0), (4, 0), ""), replace((3, 0), (3, 0), "😀 = z.mul_(2)\n"))
    [found] = await session.diagnostics(uri, 4)
    assert found.range == spread((3, 5), (3, 14))


async def test_a_form_feed_ends_no_line(session: Session, uri: str) -> None:
    session.open(uri, "a\x0cb\n\ny.add_(1)\n")
    session.change(uri, 2, replace((1, 0), (1, 0), "# here\n"))
    [found] = await session.diagnostics(uri, 2)
    assert found.range.start.line == 3


@pytest.mark.parametrize(("encoding", "start"), [("utf-8", 15), ("utf-16", 11), ("utf-32", 10)])
async def test_columns_count_in_the_units_that_were_agreed_on(encoding: str, start: int, uri: str) -> None:
    async with connected(client_capabilities=capabilities([encoding])) as session:
        assert session.agreed is not None
        assert session.agreed.capabilities.position_encoding == encoding
        session.open(uri, 'f("😀漢");  y.add_(1)\n')
        [found] = await session.diagnostics(uri, 1)
        assert found.range == spread((0, start), (0, start + 9))
        session.change(uri, 2, replace((0, start), (0, start + 1), "long"))
        [found] = await session.diagnostics(uri, 2)
        assert found.message.startswith("long is changed")


async def test_a_client_without_related_places_reads_them_in_the_message(uri: str) -> None:
    async with connected(client_capabilities=capabilities(rich=False)) as session:
        session.open(uri, BAD)
        [found] = await session.diagnostics(uri, 1)
        assert found.related_information is None
        assert found.message.endswith("line 1: saved here")
        assert found.code_description is None


async def test_a_burst_publishes_no_older_version_after_a_newer_one(session: Session, uri: str) -> None:
    """The first may be out before the burst has been read; nothing between it and the last is judged for long."""
    session.open(uri, "# slow\n" + BAD)
    for version in range(2, 52):
        session.change(uri, version, replace((0, 6), (0, 6), "w"))
    [found] = await session.diagnostics(uri, 51)
    assert found.range.start.line == 2
    versions = [params.version or 0 for params in session.published]
    assert versions == sorted(versions)
    assert len(versions) <= 2, "versions that were overtaken have been published"
    page = await session.hover(uri, 2, 1)
    assert page is not None
    assert page.endswith(("Judged 2 times.", "Judged 3 times.", "Judged 4 times."))


async def test_closing_clears(session: Session, uri: str) -> None:
    session.open(uri, BAD)
    await session.diagnostics(uri, 1)
    session.close(uri)
    assert not await session.diagnostics(uri, None)
    session.open(uri, BAD, version=1)
    await session.until(lambda: len([p for p in session.published if p.version == 1]) == 2)


async def test_closing_while_it_is_judged_leaves_nothing(session: Session, uri: str) -> None:
    session.open(uri, "# slow\n" + BAD)
    session.close(uri)
    other = "file:///project/other.py"
    session.open(other, BAD)
    await session.diagnostics(other, 1)
    assert not any(params.diagnostics for params in session.published if params.uri == uri)


@pytest.mark.parametrize(
    "strange",
    [
        "untitled:Untitled-1",
        "vscode-vfs://github/a/b.py",
        "file:///with%20space/a%2Bb.py",
        "file:///c%3A/w/m.py",
    ],
)
async def test_any_uri_will_do(session: Session, strange: str) -> None:
    session.open(strange, BAD)
    [found] = await session.diagnostics(strange, 1)
    assert found.related_information is not None
    assert found.related_information[0].location.uri == strange
    [action, *_] = await session.actions(strange, found.range, [found])
    assert action.edit is not None
    session.close(strange)
    assert not await session.diagnostics(strange, None)


async def test_what_is_no_python_is_left_alone(session: Session) -> None:
    uri = "file:///project/pyproject.toml"
    item = types.TextDocumentItem(uri=uri, language_id="toml", version=1, text=BAD)
    session.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    session.open("file:///project/model.py", BAD)
    assert await session.diagnostics("file:///project/model.py", 1)
    assert not any(params.uri == uri for params in session.published)


async def test_text_that_does_not_parse_says_so(session: Session, uri: str) -> None:
    session.open(uri, "(\ny.add_(1)\n")
    found = await session.diagnostics(uri, 1)
    assert {diagnostic.code for diagnostic in found} == {"saved-tensor-modified", "not-analysed"}
