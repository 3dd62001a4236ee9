"""Say that a rule has nothing to tell here: ``# gradsafe: ignore-file[code]`` above the first statement of the file."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.site import Site
from gradsafe.fixes.sources import Code
from gradsafe.rules.finding import Edit
from gradsafe.syntax.span import Span


def propose(site: Site) -> Iterator[Draft]:
    span = site.sources.span(site.finding.where)
    statements = site.sources.outermost(span.chunk.file) if span is not None else iter(())
    first = next((code for code in statements if code is not None and not _is_docstring(code)), None)
    if first is None:
        return
    code = site.finding.code
    comment = f"# gradsafe: ignore-file[{code}]{_newline(first.text)}"
    yield Draft(f"Ignore `{code}` in this file", (Edit(Span(first.chunk, 0, 0), comment),), safe=True)


def _is_docstring(code: Code) -> bool:
    line = code.body[0] if len(code.body) == 1 else None
    only = line.body[0] if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1 else None
    return isinstance(only, cst.Expr) and isinstance(only.value, (cst.SimpleString, cst.ConcatenatedString))


def _newline(text: str) -> str:
    return next((end for end in ("\r\n", "\n", "\r") if end in text), "\n")
