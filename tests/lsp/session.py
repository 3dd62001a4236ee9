"""A client for the tests: remembers all that the server sends, and waits for conditions instead of moments."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import ClientServerConfig, LanguageClient
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES

HERE = Path(__file__).parent
SCRIPTED = [sys.executable, str(HERE / "scripted.py")]
REAL = [sys.executable, "-m", "gradsafe.lsp"]
WAIT_S = 30.0
OWN = (
    types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS,
    types.WINDOW_SHOW_MESSAGE_REQUEST,
    types.WORKSPACE_APPLY_EDIT,
    types.PROGRESS,
    types.WORKSPACE_DIAGNOSTIC_REFRESH,
)
"""What :class:`Session` answers itself."""


def capabilities(
    encodings: Sequence[str] = ("utf-16",),
    rich: bool = True,
    pulls: bool = False,
    refreshes: bool = True,
) -> types.ClientCapabilities:
    """As VS Code of 2026 says, by hand: pytest-lsp's own profile is from 2022. Not ``rich``: nothing optional."""
    if not rich:
        return types.ClientCapabilities()
    return types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=list(encodings)),
        text_document=types.TextDocumentClientCapabilities(
            publish_diagnostics=types.PublishDiagnosticsClientCapabilities(
                related_information=True,
                version_support=True,
                code_description_support=True,
                data_support=True,
            ),
            code_action=types.CodeActionClientCapabilities(
                is_preferred_support=True,
                data_support=True,
                resolve_support=types.ClientCodeActionResolveOptions(properties=["edit"]),
                code_action_literal_support=types.ClientCodeActionLiteralOptions(
                    code_action_kind=types.ClientCodeActionKindOptions(
                        value_set=[types.CodeActionKind.QuickFix]
                    )
                ),
            ),
            hover=types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown]),
            diagnostic=types.DiagnosticClientCapabilities() if pulls else None,
        ),
        workspace=types.WorkspaceClientCapabilities(
            apply_edit=True,
            workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True),
            code_lens=types.CodeLensWorkspaceClientCapabilities(refresh_support=True),
            inlay_hint=types.InlayHintWorkspaceClientCapabilities(refresh_support=True),
            diagnostics=types.DiagnosticWorkspaceClientCapabilities(refresh_support=True)
            if refreshes
            else None,
        ),
        window=types.WindowClientCapabilities(work_done_progress=True),
        notebook_document=types.NotebookDocumentClientCapabilities(
            synchronization=types.NotebookDocumentSyncClientCapabilities(execution_summary_support=True)
        ),
    )


class Session:
    """One server and one client."""

    def __init__(self, client: LanguageClient) -> None:
        self.client = client
        self.published: list[types.PublishDiagnosticsParams] = []
        self.agreed: types.InitializeResult | None = None
        self.answer = "Run"
        self.refreshed: set[str] = set()
        self.registered: set[str] = set()
        """What the server wants to be told beside what it is told anyway."""
        self.streams: dict[int | str, list[Any]] = {}
        """Partial results, by the tokens under which a test has asked for them."""
        self._came: dict[str, list[Any]] = {"asked": [], "traced": [], "output": [], "edited": []}
        self._looked: dict[str, int] = {}
        self._listen()

    def _listen(self) -> None:
        client = self.client

        @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: types.PublishDiagnosticsParams) -> None:
            self.published.append(params)

        @client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)
        def asked(params: types.ShowMessageRequestParams) -> types.MessageActionItem:
            self._came["asked"].append(params.message)
            return types.MessageActionItem(title=self.answer)

        @client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def registered(params: types.RegistrationParams) -> None:
            self.registered.update(each.method for each in params.registrations)

        @client.feature(types.PROGRESS)
        def progress(params: types.ProgressParams) -> None:
            if params.token in self.streams:
                self.streams[params.token].append(params.value)
            else:
                DEFAULT_CLIENT_FEATURES[types.PROGRESS](client, params)

        @client.feature(types.WORKSPACE_APPLY_EDIT)
        def applied(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            self._came["edited"].append(params.edit)
            return types.ApplyWorkspaceEditResult(applied=True)

        @client.feature(types.WORKSPACE_CODE_LENS_REFRESH)
        def lenses_refreshed(params: None) -> None:
            self.refreshed.add("lenses")

        @client.feature(types.WORKSPACE_INLAY_HINT_REFRESH)
        def hints_refreshed(params: None) -> None:
            self.refreshed.add("hints")

        @client.feature(types.WORKSPACE_DIAGNOSTIC_REFRESH)
        def diagnostics_refreshed(params: None) -> None:
            self.refreshed.add("diagnostics")

        @client.feature("gradsafe/output")
        def output(params: Any) -> None:
            self._came["output"].append(params)

        @client.feature("gradsafe/traced")
        def traced(params: Any) -> None:
            self._came["traced"].append(params)

    def _look(self, kind: str, messages: list[Any]) -> list[Any]:
        self._looked[kind] = len(messages)
        return messages

    @property
    def asked(self) -> list[str]:
        """The questions that the user was asked."""
        return self._look("asked", self._came["asked"])

    @property
    def traced(self) -> list[Any]:
        """What ``gradsafe/traced`` has said."""
        return self._look("traced", self._came["traced"])

    @property
    def output(self) -> list[Any]:
        """What ``gradsafe/output`` has carried."""
        return self._look("output", self._came["output"])

    @property
    def edited(self) -> list[Any]:
        """The edits that the server has asked to be applied."""
        return self._look("edited", self._came["edited"])

    @property
    def unread(self) -> list[Any]:
        """Messages for the user that the test has not looked at: each is expected, or it is a defect."""
        everything = {**self._came, "shown": [message.message for message in self.client.messages]}
        return [one for kind, messages in everything.items() for one in messages[self._looked.get(kind, 0) :]]

    @property
    def shown(self) -> list[str]:
        """The messages that the user has seen."""
        return self._look("shown", [message.message for message in self.client.messages])

    @property
    def logged(self) -> list[str]:
        return [message.message for message in self.client.log_messages]

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until ``condition`` gives something true, and give it."""
        for _ in range(int(WAIT_S / 0.01)):
            if value := condition():
                return value
            await asyncio.sleep(0.01)
        raise AssertionError(f"nothing came; published: {self.published}, shown: {self.shown}")

    def open(self, uri: str, text: str, version: int = 1) -> None:
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(
                types.TextDocumentItem(uri=uri, language_id="python", version=version, text=text)
            )
        )

    def change(self, uri: str, version: int, *changes: types.TextDocumentContentChangeEvent | str) -> None:
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                text_document=types.VersionedTextDocumentIdentifier(uri=uri, version=version),
                content_changes=[
                    types.TextDocumentContentChangeWholeDocument(text=change)
                    if isinstance(change, str)
                    else change
                    for change in changes
                ],
            )
        )

    def close(self, uri: str) -> None:
        self.client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri=uri))
        )

    async def diagnostics(self, uri: str, version: int | None) -> Sequence[types.Diagnostic]:
        """The diagnostics of this version, as soon as they come."""
        found = await self.until(
            lambda: next((p for p in reversed(self.published) if p.uri == uri and p.version == version), None)
        )
        return found.diagnostics

    async def pull(self, uri: str, previous: str | None = None) -> Any:
        """The report on a document: full, or unchanged."""
        return await self.client.text_document_diagnostic_async(
            types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri), previous_result_id=previous)
        )

    async def actions(
        self,
        uri: str,
        range: types.Range,
        diagnostics: Sequence[types.Diagnostic] = (),
        only: Sequence[str] | None = (types.CodeActionKind.QuickFix,),
        trigger: types.CodeActionTriggerKind | None = None,
    ) -> Sequence[types.CodeAction]:
        result = await self.client.text_document_code_action_async(
            types.CodeActionParams(
                text_document=types.TextDocumentIdentifier(uri=uri),
                range=range,
                context=types.CodeActionContext(
                    diagnostics=list(diagnostics), only=only, trigger_kind=trigger
                ),
            )
        )
        assert result is not None
        return [action for action in result if isinstance(action, types.CodeAction)]

    async def hover(self, uri: str, line: int, character: int) -> str | None:
        result = await self.client.text_document_hover_async(
            types.HoverParams(types.TextDocumentIdentifier(uri=uri), types.Position(line, character))
        )
        if result is None:
            return None
        assert isinstance(result.contents, types.MarkupContent)
        return result.contents.value

    async def command(self, name: str, *arguments: Any) -> Any:
        return await self.client.workspace_execute_command_async(
            types.ExecuteCommandParams(command=name, arguments=list(arguments))
        )


def _make_client() -> LanguageClient:
    """pytest-lsp's client, with the features that :class:`Session` has of its own left out."""
    client = LanguageClient(converter_factory=default_converter)
    for name, implementation in DEFAULT_CLIENT_FEATURES.items():
        if name not in OWN:
            client.feature(name)(implementation)
    return client


def spread(start: tuple[int, int], end: tuple[int, int]) -> types.Range:
    return types.Range(types.Position(*start), types.Position(*end))


def replace(
    start: tuple[int, int], end: tuple[int, int], text: str
) -> types.TextDocumentContentChangePartial:
    return types.TextDocumentContentChangePartial(range=spread(start, end), text=text)


def folder_of(path: Path) -> types.WorkspaceFolder:
    return types.WorkspaceFolder(uri=path.as_uri(), name=path.name)


@contextlib.asynccontextmanager
async def connected(
    command: Sequence[str] = SCRIPTED,
    client_capabilities: types.ClientCapabilities | None = None,
    options: dict[str, Any] | None = None,
    root: Path | None = None,
    env: dict[str, str] | None = None,
    others: Sequence[Path] = (),
) -> AsyncIterator[Session]:
    """A session from initialize to exit; fails if the server does not end cleanly."""
    config = ClientServerConfig(server_command=list(command), client_factory=_make_client, server_env=env)
    client = await config.start()
    session = Session(client)
    folders = None if root is None else [folder_of(each) for each in (root, *others)]
    session.agreed = await client.initialize_session(
        types.InitializeParams(
            capabilities=client_capabilities or capabilities(),
            root_uri=None if root is None else root.as_uri(),
            workspace_folders=folders,
            initialization_options=options,
        )
    )
    try:
        yield session
        assert not session.unread, f"nobody looked at {session.unread}"
    finally:
        await client.shutdown_session()
        server = client._server
        await asyncio.wait_for(server.wait(), 5)
        assert server.returncode == 0, "the server did not exit cleanly"
        await client.stop()
