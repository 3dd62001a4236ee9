"""Which rules, how severe: what the editor says over what ``pyproject.toml`` says, and what is wrong in either.

A mistake in the file is a diagnostic in that file, open or not, until it is mended; one in the editor's settings is a message.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.exceptions import JsonRpcException

from gradsafe.lsp.analysis import Analysis, Configured
from gradsafe.lsp.composing import SOURCE
from gradsafe.lsp.locations import spot_of
from gradsafe.lsp.options import editor_settings, mapping
from gradsafe.lsp.registering import ask_for
from gradsafe.lsp.watching import judge_anew
from gradsafe_tracer.events import Place

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer
    from gradsafe.project.settings import ConfigurationProblem

logger = logging.getLogger(__name__)

SECTION = "gradsafe"
CODE = "configuration"


class Configuration:
    """The settings of the editor as they are now, and what is shown of mistakes."""

    def __init__(self, server: GradsafeServer) -> None:
        self._server = server
        self._shown: dict[str, list[types.Diagnostic]] = {}
        self._told: set[str] = set()
        self.editor: Mapping[str, Any] | None = None
        """None: what the client sent at its start."""

    @property
    def current(self) -> Mapping[str, Any]:
        """What the editor says now."""
        return self._server.options.editor if self.editor is None else self.editor

    async def begin(self) -> None:
        """Once the client listens: ask for its settings, and to be told when they change."""
        client = self._server.client_capabilities
        if get_capability(client, "workspace.did_change_configuration.dynamic_registration"):
            options = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
            registration = types.Registration(
                id="gradsafe-settings",
                method=types.WORKSPACE_DID_CHANGE_CONFIGURATION,
                register_options=options,
            )
            await ask_for(self._server, registration)
        await self.ask()
        await self.tell()

    async def ask(self) -> None:
        """Ask the client for its settings, if it can be asked."""
        if not get_capability(self._server.client_capabilities, "workspace.configuration"):
            return
        params = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
        try:
            answer = await self._server.workspace_configuration_async(params)
        except JsonRpcException as error:
            logger.warning("the client gave no settings: %s", error)
            return
        self.change(answer[0] if answer else None)

    def change(self, sent: Any) -> None:
        """The client's settings are now what it has ``sent``; what it does not say is as at its start."""
        settings = {**self._server.options.editor, **editor_settings(sent)}
        if settings == self.current:
            return
        self.editor = settings
        self._server.tell_worker(lambda analysis: analysis.configure(settings))
        judge_anew(self._server)

    def look_again(self) -> None:
        """A document may belong to a project that nobody has looked at so far."""
        self._server.loop.create_task(self.tell())

    async def tell(self) -> None:
        """Show what is wrong, and take back what is not wrong any more."""

        files = [snapshot.file for snapshot in self._server.texts.snapshots()]

        def ask(analysis: Analysis) -> Configured:
            return analysis.configuration(files)

        configured = await asyncio.wrap_future(self._server.worker.ask(ask))
        found: dict[str, list[types.Diagnostic]] = {}
        for problem in configured.problems:
            place = Place(problem.file, problem.row, problem.column, problem.row, problem.column)
            spot = spot_of(place, self._server.texts)
            if spot is not None:
                found.setdefault(spot.uri, []).append(self._diagnostic(problem, spot.range))
        before, self._shown = self._shown, found
        for uri in before.keys() - found.keys():
            self._publish(uri, [])
        for uri, diagnostics in found.items():
            if diagnostics != before.get(uri):
                self._publish(uri, diagnostics)
        for message in configured.editor_problems:
            if message not in self._told:
                self._told.add(message)
                text = f"gradsafe: in the editor's settings: {message}"
                self._server.window_show_message(types.ShowMessageParams(types.MessageType.Warning, text))

    def _diagnostic(self, problem: ConfigurationProblem, at: types.Range) -> types.Diagnostic:
        length = len(problem.word.encode("utf-16-le")) // 2
        end = types.Position(at.start.line, at.start.character + max(length, 1))
        return types.Diagnostic(
            range=types.Range(at.start, end),
            message=f"{problem.message}. {problem.remedy}",
            severity=types.DiagnosticSeverity.Warning,
            code=CODE,
            source=SOURCE,
        )

    def _publish(self, uri: str, diagnostics: list[types.Diagnostic]) -> None:
        self._server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, diagnostics=diagnostics)
        )


def register(server: GradsafeServer) -> None:
    """``workspace/didChangeConfiguration``: a client that can be asked is asked, of others it is taken as it comes."""

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def changed(params: types.DidChangeConfigurationParams) -> None:
        configuration = server.configuration
        if get_capability(server.client_capabilities, "workspace.configuration"):
            await configuration.ask()
            return
        sent = mapping(params.settings)
        configuration.change(sent.get(SECTION, sent))
