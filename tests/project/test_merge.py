"""Which root's word counts, and what settings and comments leave of it. The interpreter is a stub here."""

from __future__ import annotations

import pytest

from gradsafe.interp.analyse import Root, RootKind
from gradsafe.interp.world import World
from gradsafe.project.allowance import Allowance
from gradsafe.project.interpret import Outcome
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings
from gradsafe.rules.finding import Finding, Severity
from gradsafe.syntax.span import ChunkId, Span

TEXT = "def f(x):\n    x.WARN()\n    x.FAIL()\ndef g():\n    f(1)\ndef h():\n    k()\ndef k():\n    h()\n    a.WARN()\n"


def stub(calls: dict[str, set[str]], bounded: str = "") -> object:
    """An interpreter that finds ``WARN`` and ``FAIL`` in a function's own statements; ``calls`` says who calls whom."""

    def interpret(world: World, root: Root, allowance: Allowance) -> Outcome:
        findings = []
        name = ".".join(root.names)
        for block in world.body(root.scope) if root.kind is RootKind.FUNCTION else ():
            for each in block.instructions:
                word = getattr(each, "name", "")
                if word in ("WARN", "FAIL") and block.chunk is not None:
                    severity = Severity.WARNING if word == "WARN" else Severity.ERROR
                    findings.append(Finding(word.lower(), severity, name, Span(block.chunk, *each.at)))
        called = frozenset(ChunkId(root.file, callee, 0) for callee in calls.get(name, ()))
        limits = ((bounded, Span(root.scope, 0, 0)),) if bounded and calls.get(name) else ()
        return Outcome(tuple(findings), 1, limits, called)

    return interpret


def codes(
    text: str, calls: dict[str, set[str]], settings: Settings | None = None, bounded: str = ""
) -> list[str]:
    session = Session(settings or Settings(), "/w", stub(calls, bounded))  # type: ignore[arg-type]
    session.set_text("/w/a.py", text)
    return [finding.code for finding in session.check("/w/a.py").findings]


def test_a_function_that_is_called_is_not_judged_alone_but_for_its_errors() -> None:
    assert codes(TEXT, {}) == ["warn", "fail", "warn"]
    assert codes(TEXT, {"g": {"f"}}) == ["fail", "warn"]
    assert codes(TEXT, {"": {"f", "k"}}) == ["fail"]
    assert codes(TEXT, {"f": {"f"}}) == ["warn", "fail", "warn"]


def test_of_two_that_call_each_other_neither_is_silent() -> None:
    assert codes(TEXT, {"h": {"k"}, "k": {"h"}}) == ["warn", "fail", "warn"]


def test_a_caller_that_gave_up_stands_for_nobody() -> None:
    assert codes(TEXT, {"g": {"f"}}, bounded="instructions") == ["warn", "fail", "warn"]


def test_the_surest_root_is_told_once() -> None:
    def interpret(world: World, root: Root, allowance: Allowance) -> Outcome:
        body = world.body(ChunkId(root.file, "f", 0))
        severity = Severity.ERROR if root.names == ("g",) else Severity.WARNING
        where = Span(body[0].chunk or root.scope, 4, 5)
        return Outcome((Finding("warn", severity, ".".join(root.names), where),))

    session = Session(Settings(), "/w", interpret)
    session.set_text("/w/a.py", TEXT)
    (finding,) = session.check("/w/a.py").findings
    assert (finding.severity, finding.message) == (Severity.ERROR, "g")


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        (Settings(select=frozenset({"fail"})), ["fail"]),
        (Settings(ignore=frozenset({"fail"})), ["warn", "warn"]),
        (Settings("/w", per_file_ignores=(("a.py", frozenset({"warn"})),)), ["fail"]),
        (Settings("/w", per_file_ignores=(("b.py", frozenset({"warn"})),)), ["warn", "fail", "warn"]),
    ],
)
def test_settings_choose(settings: Settings, left: list[str]) -> None:
    assert codes(TEXT, {}, settings) == left


def test_settings_set_the_severity() -> None:
    session = Session(Settings(severity={"warn": Severity.HINT}), "/w", stub({}))  # type: ignore[arg-type]
    session.set_text("/w/a.py", TEXT)
    severities = [finding.severity for finding in session.check("/w/a.py").findings]
    assert severities == [Severity.HINT, Severity.ERROR, Severity.HINT]


def test_comments_suppress_and_say_so_if_they_do_not() -> None:
    text = TEXT.replace("x.WARN()", "x.WARN()  # gradsafe: ignore[warn, fail]").replace(
        "f(1)", "f(1)  # gradsafe: ignore"
    )
    session = Session(Settings(ignore=frozenset({"warn"})), "/w", stub({}))  # type: ignore[arg-type]
    session.set_text("/w/a.py", text)
    result = session.check("/w/a.py")
    assert [finding.code for finding in result.findings] == ["fail"]
    assert [each.codes for each in result.unused] == [frozenset({"fail"}), None]
