"""What the server asks of the analysis, in places (file, row, column): the seam between the two.

``session_analysis.py`` answers it with the real session; tests answer it with a few lines.
Everything here is called from the worker's thread only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from gradsafe.report.entry import Entry, EntryEdit, EntryFix
from gradsafe.rules.finding import Severity
from gradsafe_tracer.events import Place

if TYPE_CHECKING:
    from gradsafe.explain.error_text import ErrorText
    from gradsafe.explain.sights import Told
    from gradsafe.lsp.running import VersionMark
    from gradsafe.project.settings import ConfigurationProblem, Settings


@dataclass(frozen=True)
class Remark:
    """Something to say that is no finding: what could not be analysed, a suppression that is ``unnecessary``."""

    place: Place
    code: str
    message: str
    unnecessary: bool = False
    severity: Severity = Severity.INFORMATION
    url: str = ""
    """Where there is more to read."""
    fixes: tuple[EntryFix, ...] = ()
    """What takes it away, proved by what was found already: of a comment."""


@dataclass(frozen=True)
class Judgement:
    """All there is to say of one text of one file; the entries carry no fixes, those are asked for."""

    entries: tuple[Entry, ...] = ()
    remarks: tuple[Remark, ...] = ()
    notes: Mapping[Entry, str] = field(default_factory=dict)
    """What is to be said with an entry that holds in one order of a notebook's cells only."""
    only_as_run: Mapping[Entry, Entry] = field(default_factory=dict)
    """Those of them that the order of the document does not show, and what they are in the text of the runs."""


@dataclass(frozen=True)
class Mending:
    """The edits that mend what can be mended safely, and how many fixes they are made of."""

    edits: tuple[EntryEdit, ...] = ()
    fixes: int = 0


@dataclass(frozen=True)
class Configured:
    """The configuration that holds: its file (None: there is none), the settings, what is wrong in it and in the editor's."""

    file: str | None
    settings: Settings
    given: frozenset[str] = frozenset()
    """The settings that the file gives."""
    problems: tuple[ConfigurationProblem, ...] = ()
    editor_problems: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    """The files that other projects of the workspace go by."""


@dataclass(frozen=True)
class Inside:
    """How the analysis stands: counts by name, and how many roots hit which budget."""

    counts: Mapping[str, int] = field(default_factory=dict)
    budgets: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Explained:
    """A word of a text and what is told of it; places stand in the sentences as places."""

    place: Place
    word: str
    told: Told


@dataclass(frozen=True)
class GiveWay:
    """Whether something more urgent waits: ``between`` is asked before a root is run, ``within`` before each of its statements.

    A root that is given up is begun anew later, so ``within`` is for a keystroke, which is to be answered at once.
    """

    between: Callable[[], bool]
    within: Callable[[], bool]


class Analysis(Protocol):
    """The analysis as the server sees it."""

    def judge(self, file: str, text: str, settle: bool, give_way: GiveWay) -> Judgement | None:
        """What there is to say of ``text``. Not ``settle``: what can be had at once; callers may still add to it.

        None where it stopped because something more urgent waits; asked again, it goes on from there.
        """

    def judge_instead(self, file: str, text: str, give_way: GiveWay) -> Judgement | None:
        """What there would be to say if ``file`` held ``text``; its own text stays what it is. None as in :meth:`judge`."""

    def files(self) -> Sequence[str]:
        """All files of the workspace that the configuration does not exclude."""

    def judge_closed(self, file: str, give_way: GiveWay) -> tuple[str, Judgement] | bool | None:
        """The text of a file that is not open, and all there is to say of it; None where it cannot be read.

        False where it stopped because something more urgent waits; asked again, it goes on from there.
        """

    def forget(self, file: str) -> None:
        """``file`` is not open any more."""

    def configure(self, editor: Mapping[str, Any]) -> None:
        """What the editor says of rules (``select``, ``ignore``, ``severity``) holds over what the file says."""

    def set_folders(self, folders: Sequence[str]) -> None:
        """These are the folders of the workspace now."""

    def configuration(self, files: Sequence[str]) -> Configured:
        """The configuration of the workspace, as it was last read; mistakes are those of all that ``files`` and folders go by."""

    def inside(self) -> Inside:
        """What it holds and has done so far."""

    def reload(self) -> None:
        """Files on the disk have changed, the configuration perhaps among them."""

    def fixes(self, file: str, entry: Entry) -> Sequence[EntryFix]:
        """The fixes of an entry of the last judgement of ``file``, best first, not verified, none preferred."""

    def holds(self, file: str, entry: Entry, fix: EntryFix) -> bool:
        """With ``fix`` made in the last text of ``file`` the entry is gone, and no new one has come."""

    def paired(self, file: str, entry: Entry) -> Sequence[EntryFix]:
        """Fixes of two steps that hold, for an entry of the last judgement of ``file`` of which none holds alone."""

    def fixes_instead(self, file: str, text: str, entry: Entry) -> Sequence[EntryFix]:
        """The fixes of an entry of :meth:`judge_instead` in ``text``; none verified. Of those that hide it the one for its line."""

    def holds_instead(self, file: str, text: str, entry: Entry, mended: str, own: str) -> bool:
        """With ``mended`` instead of ``text`` the entry is gone and no new one has come, and ``own`` in ``file`` brings none."""

    def may_mend(self, file: str) -> bool:
        """Some finding of the last judgement of ``file`` has a fix that :meth:`mend` would try."""

    def mend(self, file: str, give_up: Callable[[], bool]) -> Mending:
        """All fixes in the last text of ``file`` that are safe and hold, one after the other until none is left."""

    def look(self, file: str, row: int, column: int) -> Explained | None:
        """What is known of the name or operation at a place of the last text of ``file``; None where that is no tensor's."""

    def hints(self, file: str, rows: tuple[int, int]) -> Sequence[VersionMark]:
        """The versions that the last text of ``file`` is predicted to write and save between two rows (1-based, inclusive)."""

    def backwards(self, file: str, rows: Sequence[int]) -> Mapping[int, str]:
        """What the backward calls on some rows of the last text of ``file`` read; rows without a word left out."""

    def suspects(self, error: ErrorText) -> Sequence[Entry]:
        """What the error is likely about, in the files that its text names and in those that they import; fixes not verified."""

    def page(self, code: str) -> str | None:
        """The page of a rule, in Markdown."""


Open = Callable[[tuple[str, ...]], Analysis]
"""Opens the analysis of the workspace's folders (none: no folder is open)."""
