"""Quick fixes: offered once they are known to hold, or verified when the client resolves the one that was chosen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from gradsafe.lsp.analysis import Analysis, Located, Remedy
from gradsafe.lsp.diagnostics import SOURCE, TRACE_SOURCE, Verdict
from gradsafe.lsp.documents import OpenTexts, Snapshot
from gradsafe.lsp.edits import apply_edits, workspace_edit
from gradsafe.lsp.locations import spot_of

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer

Answer = TypeVar("Answer")

VERIFYING_S = 0.25
"""How long a light bulb may wait for its fixes to be verified, where the client can resolve the rest later."""


@dataclass
class Offer:
    """A fix of one finding in one text. ``holds`` is None until it has been verified."""

    remedy: Remedy
    finding: Located
    snapshot: Snapshot
    holds: bool | None = None


@dataclass
class Offers:
    """The fixes that were looked for already, for the latest text of each document."""

    server: GradsafeServer
    _by_finding: dict[tuple[int, Located], list[Offer]] = field(default_factory=dict)

    async def find(self, verdict: Verdict, finding: Located) -> list[Offer]:
        """All fixes of the finding, verified as far as time allows."""
        key = (verdict.snapshot.serial, finding)
        patience = VERIFYING_S if self.server.abilities.resolves_edits else None
        known = self._by_finding.get(key)
        offers = await self._ask(lambda analysis: self._verified(analysis, verdict, finding, known, patience))
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
                    if offer.remedy.title == data.get("title") and repr(offer.finding.primary) == data.get(
                        "at"
                    ):
                        return offer
        return None

    async def _ask(self, question: Callable[[Analysis], Answer]) -> Answer:
        return await asyncio.wrap_future(self.server.worker.ask(question))

    def _verified(
        self,
        analysis: Analysis,
        verdict: Verdict,
        finding: Located,
        known: list[Offer] | None,
        patience: float | None,
    ) -> list[Offer]:
        """In the worker."""
        snapshot = verdict.snapshot
        offers = known
        if offers is None:
            remedies = analysis.remedies(snapshot.file, snapshot.text, finding)
            offers = [Offer(remedy, finding, snapshot) for remedy in remedies]
        started = time.monotonic()
        for offer in offers:
            if offer.holds is None and (patience is None or time.monotonic() - started < patience):
                offer.holds = self._holds(analysis, offer)
        return offers

    def _holds(self, analysis: Analysis, offer: Offer) -> bool:
        """In the worker."""
        files = {edit.place.file for edit in offer.remedy.edits} | {offer.snapshot.file}
        texts = {file: _text_of(file, offer.snapshot, self.server.texts) for file in files}
        known = {file: text for file, text in texts.items() if text is not None}
        if len(known) < len(files):
            return False
        return analysis.holds(known, offer.finding, apply_edits(known, offer.remedy.edits))


def _text_of(file: str, judged: Snapshot, texts: OpenTexts) -> str | None:
    if file == judged.file:
        return judged.text
    open_document = texts.snapshot_of_file(file)
    if open_document is not None:
        return open_document.text
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def register(server: GradsafeServer) -> None:
    """``textDocument/codeAction`` and ``codeAction/resolve``."""
    offers = Offers(server)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix], resolve_provider=True),
    )
    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        if not _wants_quick_fixes(params.context.only):
            return []
        verdict = await server.published.wait_for_verdict(params.text_document.uri)
        if verdict is None:
            return []
        actions: list[types.CodeAction] = []
        for finding in verdict.judgement.findings:
            if _touches(finding, params, server.texts, verdict.snapshot):
                for offer in await offers.find(verdict, finding):
                    actions.extend(_actions(server, offer, params.context.diagnostics))
        return actions

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolve(action: types.CodeAction) -> types.CodeAction:
        if action.edit is not None:
            return action
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


def _wants_quick_fixes(only: Any) -> bool:
    """``only`` names kinds or their parents; absent means all."""
    return not only or any(kind in ("", types.CodeActionKind.QuickFix) for kind in only)


def _touches(finding: Located, params: types.CodeActionParams, texts: OpenTexts, judged: Snapshot) -> bool:
    """The finding's place and the range that is asked about have a position in common."""
    spot = spot_of(finding.primary, texts, judged)
    if spot is None or spot.uri != params.text_document.uri:
        return False

    def key(position: types.Position) -> tuple[int, int]:
        return position.line, position.character

    return key(spot.range.start) <= key(params.range.end) and key(params.range.start) <= key(spot.range.end)


def _actions(server: GradsafeServer, offer: Offer, shown: Any) -> list[types.CodeAction]:
    """The offer as an action; none where it was verified and does not hold."""
    if offer.holds is False:
        return []
    spot = spot_of(offer.finding.primary, server.texts, offer.snapshot)
    mended = [
        diagnostic
        for diagnostic in shown
        if diagnostic.source in (SOURCE, TRACE_SOURCE)
        and diagnostic.code == offer.finding.code
        and spot is not None
        and diagnostic.range == spot.range
    ]
    action = types.CodeAction(
        title=offer.remedy.title, kind=types.CodeActionKind.QuickFix, diagnostics=mended or None
    )
    if offer.holds:
        action.edit = _edit(server, offer)
        if action.edit is None:
            return []
        preferred = offer.remedy.preferred and offer.remedy.safe and server.abilities.preferred_actions
        action.is_preferred = True if preferred else None
    else:
        action.data = {
            "serial": offer.snapshot.serial,
            "title": offer.remedy.title,
            "at": repr(offer.finding.primary),
        }
    return [action]


def _edit(server: GradsafeServer, offer: Offer) -> types.WorkspaceEdit | None:
    return workspace_edit(offer.remedy.edits, server.texts, offer.snapshot, server.abilities.versioned_edits)
