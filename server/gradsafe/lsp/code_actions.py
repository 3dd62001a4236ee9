"""Quick fixes: offered once they are known to hold, or verified when the client resolves the one that was chosen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from gradsafe.lsp import fix_all
from gradsafe.lsp.analysis import Analysis, Remark
from gradsafe.lsp.composing import SOURCE, TRACE_SOURCE
from gradsafe.lsp.diagnostics import Verdict
from gradsafe.lsp.documents import OpenTexts, Snapshot
from gradsafe.lsp.edits import workspace_edit
from gradsafe.lsp.fixes_as_run import fixes_as_run, holds_as_run
from gradsafe.lsp.locations import spot_of
from gradsafe.report.entry import Entry, EntryFix
from gradsafe.rules.finding import SUPPRESSING, Severity
from gradsafe_tracer.events import Place

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer

Answer = TypeVar("Answer")

KINDS = [types.CodeActionKind.QuickFix, fix_all.KIND, fix_all.NOTEBOOK_KIND]
VERIFYING_S = 0.25
"""How long a light bulb may wait for its fixes to be verified, where the client can resolve the rest later."""


@dataclass
class Offer:
    """A fix of one finding in one text. ``holds`` is None until it has been verified."""

    fix: EntryFix
    entry: Entry
    snapshot: Snapshot
    holds: bool | None = None
    as_run: Entry | None = None
    """The finding in the text of the runs, where the document does not show it."""


@dataclass
class Offers:
    """The fixes that were looked for already, for the latest text of each document."""

    server: GradsafeServer
    _by_finding: dict[tuple[int, Entry], list[Offer]] = field(default_factory=dict)

    async def find(self, verdict: Verdict, entry: Entry) -> list[Offer]:
        """All fixes of the finding, verified as far as time allows."""
        key = (verdict.snapshot.serial, entry)
        patience = VERIFYING_S if self.server.abilities.resolves_edits else None
        known = self._by_finding.get(key)
        if known is not None and all(offer.holds is not None for offer in known):
            return known
        offers = await self._ask(lambda analysis: self._verified(analysis, verdict, entry, known, patience))
        self._by_finding = {
            old: kept
            for old, kept in self._by_finding.items()
            if self.server.texts.is_current(kept[0].snapshot)
        }
        if offers:
            self._by_finding[key] = offers
        return offers

    async def settle(self, offer: Offer) -> bool:
        """Whether the fix holds; looks now if nobody has yet."""
        if offer.holds is None:
            offer.holds = await self._ask(lambda analysis: self._holds(analysis, offer))
        return offer.holds

    def recall(self, data: Any) -> Offer | None:
        """The offer that an action's ``data`` names; None once the text has changed."""
        if not isinstance(data, dict):
            return None
        for (serial, _), offers in self._by_finding.items():
            if serial == data.get("serial") and self.server.texts.is_current(offers[0].snapshot):
                for offer in offers:
                    if offer.fix.title == data.get("title") and repr(offer.entry.place) == data.get("at"):
                        return offer
        return None

    async def _ask(self, question: Callable[[Analysis], Answer]) -> Answer:
        return await asyncio.wrap_future(self.server.worker.ask(question))

    def _verified(
        self,
        analysis: Analysis,
        verdict: Verdict,
        entry: Entry,
        known: list[Offer] | None,
        patience: float | None,
    ) -> list[Offer]:
        """In the worker."""
        snapshot = verdict.snapshot
        if not self.server.texts.is_current(snapshot):
            return []
        offers = known
        if offers is None:
            as_run = verdict.judgement.only_as_run.get(entry)
            fixes = (
                analysis.fixes(snapshot.file, entry)
                if as_run is None
                else fixes_as_run(analysis, snapshot, as_run)
            )
            offers = [Offer(fix, entry, snapshot, as_run=as_run) for fix in fixes]
        started = time.monotonic()
        for offer in offers:
            if offer.holds is None and (patience is None or time.monotonic() - started < patience):
                offer.holds = self._holds(analysis, offer)
        in_time = patience is None or time.monotonic() - started < patience
        if in_time and entry.severity is Severity.ERROR and all(map(_is_no_cure, offers)):
            pairs = analysis.paired(snapshot.file, entry) if self.server.texts.is_current(snapshot) else ()
            offers = [*(Offer(fix, entry, snapshot, holds=True) for fix in pairs), *offers]
        return offers

    def _holds(self, analysis: Analysis, offer: Offer) -> bool:
        """In the worker."""
        if not self.server.texts.is_current(offer.snapshot):
            return False
        if offer.as_run is not None:
            return holds_as_run(analysis, offer.snapshot, offer.as_run, offer.fix)
        return analysis.holds(offer.snapshot.file, offer.entry, offer.fix)


def _is_no_cure(offer: Offer) -> bool:
    """Whether it was tried and does not hold, or only hides the finding; as a run has it, there are no pairs."""
    return offer.as_run is None and (offer.holds is False or offer.fix.remedy in SUPPRESSING)


def register(server: GradsafeServer) -> None:
    """``textDocument/codeAction`` and ``codeAction/resolve``."""
    offers = Offers(server)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=KINDS, resolve_provider=True),
    )
    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        wanted = [kind for kind in KINDS if fix_all.asks_for(params.context.only, kind)]
        verdict = await server.published.wait_for_verdict(params.text_document.uri) if wanted else None
        if verdict is None:
            return []
        actions: list[types.CodeAction] = []
        for entry in verdict.judgement.entries if types.CodeActionKind.QuickFix in wanted else ():
            if _touches(entry.place, params, server.texts, verdict.snapshot):
                found = await offers.find(verdict, entry)
                best = next((offer for offer in found if _may_be_preferred(offer)), None)
                for offer in found:
                    actions.extend(_actions(server, offer, offer is best, params.context.diagnostics))
        for remark in verdict.judgement.remarks if types.CodeActionKind.QuickFix in wanted else ():
            if remark.fixes and _touches(remark.place, params, server.texts, verdict.snapshot):
                actions.extend(_of_remark(server, remark, verdict.snapshot, params.context.diagnostics))
        return [*actions, *await fix_all.actions(server, params, verdict)]

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolve(action: types.CodeAction) -> types.CodeAction:
        if action.edit is not None:
            return action
        if isinstance(action.data, dict) and "fixAll" in action.data:
            return await fix_all.resolve(server, action, action.data)
        offer = offers.recall(action.data)
        if offer is None:
            raise JsonRpcException(
                "The text has changed since this fix was offered.", types.LSPErrorCodes.ContentModified
            )
        if not await offers.settle(offer):
            raise JsonRpcException(
                "This fix was tried and does not mend the finding here.", types.LSPErrorCodes.RequestFailed
            )
        action.edit = _edit(server, offer)
        return action


def _touches(place: Place, params: types.CodeActionParams, texts: OpenTexts, judged: Snapshot) -> bool:
    """The place and the range that is asked about have a position in common."""
    spot = spot_of(place, texts, judged)
    if spot is None or spot.uri != params.text_document.uri:
        return False

    def key(position: types.Position) -> tuple[int, int]:
        return position.line, position.character

    return key(spot.range.start) <= key(params.range.end) and key(params.range.start) <= key(spot.range.end)


def _may_be_preferred(offer: Offer) -> bool:
    """Suppressing is no cure, and what has not been verified is no recommendation."""
    return offer.holds is True and offer.fix.safe and offer.fix.remedy not in SUPPRESSING


def _of_remark(
    server: GradsafeServer, remark: Remark, snapshot: Snapshot, shown: Any
) -> Iterator[types.CodeAction]:
    """What is said of a comment needs no proof: no finding rests on it."""
    for fix in remark.fixes:
        edit = workspace_edit(fix.edits, server.texts, snapshot, server.abilities.versioned_edits)
        if edit is not None:
            mended = _mended(server, shown, remark.code, remark.place, snapshot)
            title = f"{fix.title} (unused suppression)"
            yield types.CodeAction(title, kind=types.CodeActionKind.QuickFix, diagnostics=mended, edit=edit)


def _mended(
    server: GradsafeServer, shown: Any, code: str, place: Place, snapshot: Snapshot
) -> list[types.Diagnostic] | None:
    """Those of the diagnostics that the client shows which are about this place."""
    spot = spot_of(place, server.texts, snapshot)
    found = [
        diagnostic
        for diagnostic in shown
        if diagnostic.source in (SOURCE, TRACE_SOURCE)
        and diagnostic.code == code
        and spot is not None
        and diagnostic.range == spot.range
    ]
    return found or None


def _actions(server: GradsafeServer, offer: Offer, best: bool, shown: Any) -> list[types.CodeAction]:
    """The offer as an action; none where it was verified and does not hold."""
    if offer.holds is False:
        return []
    mended = _mended(server, shown, offer.entry.code, offer.entry.place, offer.snapshot)
    action = types.CodeAction(title=offer.fix.title, kind=types.CodeActionKind.QuickFix, diagnostics=mended)
    if offer.holds:
        action.edit = _edit(server, offer)
        if action.edit is None:
            return []
        action.is_preferred = True if best and server.abilities.preferred_actions else None
    else:
        action.data = {
            "serial": offer.snapshot.serial,
            "title": offer.fix.title,
            "at": repr(offer.entry.place),
        }
    return [action]


def _edit(server: GradsafeServer, offer: Offer) -> types.WorkspaceEdit | None:
    return workspace_edit(offer.fix.edits, server.texts, offer.snapshot, server.abilities.versioned_edits)
