"""The results as a page: a row a package, the spread of the times, every error and warning, what is not understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tools.known_good.run import Result

_HEAD = (
    "package", "files", "lines", "crashes", "errors", "warnings", "informations", "per 1,000 lines",
    "roots that hit a budget", "roots that lost a tensor", "slowest file (s)", "seconds",
)  # fmt: skip


_INTRODUCTION = """\
`make known-good`, {date}: released packages, every root of every file judged as `gradsafe check` judges it. Nothing of a
package is committed, built or run. What the errors and warnings are worth stands in [accuracy.md](accuracy.md).
"""


def page(results: Sequence[Result], date: str) -> str:
    """The whole page, in Markdown."""
    parts = [
        "# Known-good code\n",
        _INTRODUCTION.format(date=date),
        _table(results),
        "Per 1,000 lines: warnings / informations. A root loses a tensor where one goes into something that is not modelled.\n",
        "## How long a file takes\n",
        _times(results),
        "## Every error and warning\n",
        _told(results),
        "## What is not understood most often\n",
        _unknown(results),
    ]
    return "\n".join(parts)


def _table(results: Sequence[Result]) -> str:
    rows = [_row(result.package, [result]) for result in results]
    if len(results) > 1:
        rows.append(_row("all", results))
    return _markdown(_HEAD, rows)


def _row(name: str, results: Sequence[Result]) -> list[str]:
    def total(key: str) -> int:
        return int(sum(result.total(key) for result in results))

    def count(severity: str) -> int:
        return sum(result.count(severity) for result in results)

    lines, roots = max(total("lines"), 1), max(total("roots"), 1)
    crashes = sum(len(each["crashes"]) for result in results for each in result.files)
    crashes += sum(len(result.died) for result in results)
    slowest = max((each["seconds"] for result in results for each in result.files), default=0.0)
    return [
        name, f"{sum(len(result.files) for result in results):,}", f"{total('lines'):,}", str(crashes),
        str(count("error")), str(count("warning")), str(count("information")),
        f"{1000 * count('warning') / lines:.3f} / {1000 * count('information') / lines:.3f}",
        f"{total('bounded') / roots:.1%}", f"{total('ignorant') / roots:.1%}",
        f"{slowest:.1f}", f"{sum(each['seconds'] for result in results for each in result.files):.0f}",
    ]  # fmt: skip


def _times(results: Sequence[Result]) -> str:
    files = [(each["seconds"], result.package, each) for result in results for each in result.files]
    files.sort(key=lambda item: -item[0])
    if not files:
        return ""
    seconds = [took for took, _, _ in files]
    shares = ", ".join(
        f"{share:.1%}: {seconds[int(len(seconds) * (1 - share))]:.2f} s" for share in (0.5, 0.9, 0.99, 0.999)
    )
    over = sum(1 for took in seconds if took > 2)
    rows = [
        [f"`{package}` {each['file']}", str(each["lines"]), f"{took:.2f}", f"{each['slowest']} {each['slowest_seconds']:.2f}"]
        for took, package, each in files[:15]
    ]  # fmt: skip
    told = f"Done within, by share of files: {shares}; {over} of {len(files):,} files took more than 2 s.\n"
    return told + "\n" + _markdown(("file", "lines", "seconds", "slowest root"), rows)


def _told(results: Sequence[Result]) -> str:
    rows = [
        [f"`{result.package}` {each['file']}:{each['row']}", each["severity"], each["code"]]
        for result in results
        for each in result.findings
        if each["severity"] in ("error", "warning")
    ]
    return _markdown(("place", "severity", "rule"), rows)


def _unknown(results: Sequence[Result], shown: int = 50) -> str:
    causes: Counter[str] = Counter()
    for result in results:
        causes.update(result.unknown)
    rows = [[f"`{name}`", f"{count:,}"] for name, count in causes.most_common(shown)]
    return _markdown(("what", "times"), rows)


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)
