"""Files that change outside the editor: imported modules, and the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.capabilities import get_capability

from gradsafe.lsp.documents import folders_of
from gradsafe.lsp.registering import ask_for

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer

WATCHED = ("**/*.py", "**/*.ipynb", "**/pyproject.toml", "**/*baseline*.json", "**/known.json")


def register(server: GradsafeServer) -> None:
    """``workspace/didChangeWatchedFiles``, which the client must be asked for, and saved configuration files."""

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def changed(params: types.DidChangeWatchedFilesParams) -> None:
        # What is open is what the editor says, whatever the disk says.
        if any(not _is_open_source(server, change.uri) for change in params.changes):
            judge_anew(server)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders_changed(params: types.DidChangeWorkspaceFoldersParams) -> None:
        folders = folders_of(server.texts)
        server.tell_worker(lambda analysis: analysis.set_folders(folders))
        judge_anew(server)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        if params.text_document.uri.endswith("/pyproject.toml"):
            judge_anew(server)


async def watch(server: GradsafeServer) -> None:
    """Ask the client to watch, if it can be asked."""
    if not get_capability(
        server.client_capabilities, "workspace.did_change_watched_files.dynamic_registration"
    ):
        return
    watchers = [types.FileSystemWatcher(glob_pattern=pattern) for pattern in WATCHED]
    await ask_for(
        server,
        types.Registration(
            id="gradsafe-files",
            method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
            register_options=types.DidChangeWatchedFilesRegistrationOptions(watchers=watchers),
        ),
    )


def judge_anew(server: GradsafeServer) -> None:
    """Forget what was read of the disk, judge all that is open, and look at the configuration again."""
    server.tell_worker(lambda analysis: analysis.reload())
    for snapshot in server.texts.snapshots():
        server.published.judge(snapshot.uri)
    server.pulled.wake()
    server.configuration.look_again()


def _is_open_source(server: GradsafeServer, uri: str) -> bool:
    return server.texts.snapshot(uri) is not None and not uri.endswith("/pyproject.toml")
