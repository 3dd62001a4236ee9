"""An explained error as Markdown, for editors: what it means, then each likely place with a link."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from gradsafe.explain.cuts import CutLine
from gradsafe.explain.error_text import ErrorText
from gradsafe.explain.words import explain
from gradsafe.report.entry import Entry
from gradsafe.rules.finding import SUPPRESSING
from gradsafe_tracer.events import Place

Link = Callable[[Place], str]
"""The target of a link to a place."""


def markdown(error: ErrorText, suspects: Sequence[Entry], link: Link, cuts: Sequence[CutLine] = ()) -> str:
    """A page; its first heading is the rule."""
    return "\n".join(_lines(error, suspects, link, cuts)) + "\n"


def _lines(error: ErrorText, suspects: Sequence[Entry], link: Link, cuts: Sequence[CutLine]) -> Iterator[str]:
    yield from (f"# {error.code}", "", f"> {error.message}", "")
    for label, sentence in explain(error):
        yield f"- **{label}**: {sentence}"
    yield ""
    if not error.has_rule:
        if cuts:
            yield from ("## Where a graph is cut", "", "One of these lines may be the one:", "")
        yield from (f"- {_place(cut.place, link)}: `{cut.text}` ({cut.why})" for cut in cuts)
        return
    if not suspects:
        yield (
            "The analysis finds no such write in the files that the text names. *Run and trace* the file: that names the line "
            "which saved the tensor and the one which wrote it."
        )
        return
    yield "## Likely" if len(suspects) > 1 else "## The line"
    for entry in suspects:
        yield from ("", f"{_place(entry.place, link)}: {entry.message}", "")
        yield from (f"- {_place(each.place, link)}: {each.message}" for each in entry.related)
        cures = [fix.title for fix in entry.fixes if fix.remedy not in SUPPRESSING]
        if cures:
            yield f"- on the light bulb there: {'; '.join(cures)}"


def _place(place: Place, link: Link) -> str:
    name = place.file.replace("\\", "/").rpartition("/")[2]
    return f"[{name}:{place.row}]({link(place)})"
