"""Suppressions that suppress nothing, as entries: the same words, severity and edit wherever they are told."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace

from gradsafe.project.merge import span_of
from gradsafe.project.result import FileResult
from gradsafe.project.settings import Settings
from gradsafe.report.entry import Entry, EntryEdit, EntryFix
from gradsafe.report.pages import page_url
from gradsafe.rules.base import all_rules
from gradsafe.rules.finding import UNUSED, Severity
from gradsafe.syntax.suppressions import Unused, without


def unused_entries(result: FileResult, text: str | None, settings: Settings) -> list[Entry]:
    """What is to be told of the comments of a file, whose text is ``text``, each with the edit that mends it.

    A hint: nothing is wrong with the program, so the exit status stays; ``severity`` in the settings says otherwise.
    """
    layout = result.layout
    if text is None or layout is None or not settings.wants(UNUSED, result.file):
        return []
    severity = settings.severity.get(UNUSED, Severity.HINT)
    found: list[Entry] = []
    for idle in result.unused:
        meant = _meant(idle, result)
        start, end, content = without(text, idle, meant)
        edit = EntryEdit(layout.place_of(start, end), content)
        fix = EntryFix(_title(idle, meant), safe=True, preferred=False, edits=(edit,), remedy=UNUSED)
        place = layout.place_of(idle.suppression.at, idle.suppression.at_end)
        found.append(Entry(UNUSED, severity, _message(idle), page_url(UNUSED), place, fixes=(fix,)))
    return found


def _meant(idle: Unused, result: FileResult) -> Mapping[str, str]:
    """The codes that no rule has, and the one that was meant: that of a finding which the comment would silence."""
    rules = [rule.code for rule in all_rules()]
    codes = (idle.suppression.codes or frozenset()) if idle.codes is None else idle.codes
    found: dict[str, str] = {}
    for code in sorted(codes - set(rules)):
        near = _nearest(code, rules)
        corrected = replace(idle.suppression, codes=frozenset({near or ""}))
        if near and any(corrected.covers(finding.code, span_of(finding)) for finding in result.findings):
            found[code] = near
    return found


def _nearest(code: str, rules: list[str]) -> str | None:
    return next(iter(difflib.get_close_matches(code, rules, n=1, cutoff=0.4)), None)


def _title(idle: Unused, meant: Mapping[str, str]) -> str:
    if meant:
        return "; ".join(f"Change `{code}` to `{near}`" for code, near in meant.items())
    if idle.codes is None:
        return "Remove the comment"
    return f"Remove {_listed(sorted(idle.codes))} from the comment"


def _message(idle: Unused) -> str:
    rules = [rule.code for rule in all_rules()]
    codes = sorted(idle.suppression.codes or () if idle.codes is None else idle.codes)
    unknown = [code for code in codes if code not in rules]
    known = [code for code in codes if code in rules]
    where = "file" if idle.suppression.chunk is None else "statement"
    said = [_no_such_rule(code, rules) for code in unknown]
    if known:
        said.append(f"nothing in this {where} needs {_listed(known)} to be silenced")
    elif idle.suppression.codes is None:
        said.append(f"nothing in this {where} needs to be silenced")
    elif not codes:
        said.append("there is no code between the brackets, so nothing is silenced")
    return "; ".join(said)


def _no_such_rule(code: str, rules: list[str]) -> str:
    near = _nearest(code, rules)
    return f"no rule is called `{code}`" + (f", did you mean `{near}`?" if near else "")


def _listed(codes: list[str]) -> str:
    return ", ".join(f"`{code}`" for code in codes)
