"""``pytest --trace-inplace``: every test under the tracer; what it found stands in the reports and in the summary.

Loaded by pytest in every project that has gradsafe installed, so it imports nothing and hooks nothing until the option
is given.
"""

from __future__ import annotations

from typing import Any, Dict, Generator, List, Optional

import pytest

REPORT, FAIL = "report", "fail"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gradsafe", "in-place operations and autograd")
    text = "trace each test: tell which in-place operation breaks backward or falsifies a gradient"
    # Each spelling is an option of its own: with an optional value, pytest would take the path that follows for it.
    group.addoption(
        "--trace-inplace", action="store_const", const=REPORT, dest="trace_inplace", default=None, help=text
    )
    group.addoption(
        "--trace-inplace=fail",
        action="store_const",
        const=FAIL,
        dest="trace_inplace",
        help="and fail a test whose gradients are silently wrong",
    )


def pytest_configure(config: pytest.Config) -> None:
    mode = config.getoption("trace_inplace", None)
    if mode is None:
        return
    from .running.opening import open_session
    from .running.program import ProgramError

    try:
        open_session(())
    except ProgramError as error:
        raise pytest.UsageError(
            f"--trace-inplace: {error}. Run pytest with an interpreter that has it."
        ) from None
    config.pluginmanager.register(_Tracing(mode), "gradsafe-tracing")


class _Tracing:
    """The hooks that are there with the option only."""

    def __init__(self, mode: str) -> None:
        self._mode = mode
        self._found: Dict[str, List[Any]] = {}
        self._told: List[Any] = []

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Generator[None, Any, None]:
        """From the set-up on: where a fixture builds the model, its in-place modules are declared there."""
        from .context import trace

        with trace() as report:
            item._gradsafe = report
            try:
                yield
            finally:
                del item._gradsafe

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: Any) -> Generator[None, Any, None]:
        outcome = yield
        findings = item._gradsafe.findings
        if not findings:
            return
        item._gradsafe_found = findings
        silent = [finding for finding in findings if finding.severity != "error"]
        if self._mode == FAIL and silent and outcome.excinfo is None:
            from .told.report import text_of

            text = "silently wrong gradient\n" + "".join(map(text_of, silent))
            outcome.force_exception(pytest.fail.Exception(text, pytrace=False))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Generator[None, Any, None]:
        outcome = yield
        findings = getattr(item, "_gradsafe_found", None)
        if call.when != "call" or findings is None:
            return
        from .told.report import text_of

        report = outcome.get_result()
        text = "".join(map(text_of, findings))
        report.sections.append(("gradsafe", text))
        # Plain data, so that it survives the way from a worker of pytest-xdist.
        report.gradsafe = {
            "silent": "".join(text_of(one) for one in findings if one.severity != "error"),
            "loud": "".join(text_of(one) for one in findings if one.severity == "error"),
        }

    def pytest_runtest_logreport(self, report: Any) -> None:
        if getattr(report, "gradsafe", None) is not None:
            self._told.append(report)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Wrong gradients of all tests; errors of those that failed. An error in a test that passed was expected."""
        expected = [one for one in self._told if one.gradsafe["loud"] and one.passed]
        shown = [(one.nodeid, _shown(one)) for one in self._told if _shown(one)]
        if shown or expected:
            terminalreporter.section("gradsafe: in-place operations")
        for nodeid, text in shown:
            terminalreporter.write_line(nodeid, bold=True)
            terminalreporter.write_line(text)
        if expected:
            count = f"{len(expected)} test{'s' if len(expected) > 1 else ''}"
            terminalreporter.write_line(
                f"{count} passed although torch raised in them: the errors were expected."
            )


def _shown(report: Any) -> Optional[str]:
    text: str = report.gradsafe["silent"] + ("" if report.passed else report.gradsafe["loud"])
    return text or None
