"""The open texts: plain documents, and notebooks as one text of all their cells.

pygls' documents change under whoever holds them, so a :class:`Snapshot` is taken on the event loop and only that
goes to the worker. Documents are known by their unquoted URI, as in pygls.
"""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from lsprotocol import types
from pygls.uris import to_fs_path
from pygls.workspace import TextDocument, Workspace

from gradsafe.lsp.cells import join_cells
from gradsafe.lsp.convert import apply_change, split_lines
from gradsafe.lsp.executed import Execution, History, SeenCell

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cell:
    """One code cell in the text of its notebook: ``first_row`` (1-based) is its first line there."""

    uri: str
    version: int | None
    text: str
    first_row: int

    @cached_property
    def lines(self) -> list[str]:
        return split_lines(self.text)


@dataclass(frozen=True)
class Snapshot:
    """A document at one moment. ``serial`` grows with every change of any document and is never used twice.

    ``cells`` is empty but for notebooks, whose ``text`` is that of their cells, each under a ``# %%`` line.
    ``runs``: the executions of its cells, as far as the client has told of them.
    """

    uri: str
    file: str
    version: int | None
    serial: int
    text: str
    cells: tuple[Cell, ...] = ()
    runs: tuple[Execution, ...] = ()

    @property
    def key(self) -> str:
        """The name of the document, however the client escapes its URI."""
        return unquote(self.uri)

    @cached_property
    def lines(self) -> list[str]:
        return split_lines(self.text)

    @property
    def numbered(self) -> bool:
        """Whether editors show the numbers of :attr:`lines`. JupyterLab does not: it sends all cells of a notebook as one text."""
        return bool(self.cells) or not self.key.endswith(".ipynb")

    def cell_of(self, uri: str) -> Cell | None:
        """The cell with this URI."""
        return next((cell for cell in self.cells if cell.uri == uri), None)

    def cell_at(self, row: int) -> Cell | None:
        """The cell that holds ``row`` (1-based) of :attr:`text`."""
        return next((cell for cell in reversed(self.cells) if row >= cell.first_row), None)


class Document(TextDocument):
    """A text whose lines end where the protocol says; pygls' own also breaks at form feeds and corrupts such files."""

    def apply_change(self, change: types.TextDocumentContentChangeEvent) -> None:
        encoding = self.position_codec.encoding or types.PositionEncodingKind.Utf16
        self._source = apply_change(self.source, change, encoding)


class OpenTexts(Workspace):
    """pygls' workspace, plus a snapshot of each open document and each open notebook."""

    def __init__(self, root_uri: str | None, folders: list[types.WorkspaceFolder], encoding: str) -> None:
        super().__init__(root_uri, workspace_folders=folders, position_encoding=encoding)
        self._serials = itertools.count(1)
        self._snapshots: dict[str, Snapshot] = {}
        self._histories: dict[str, History] = {}

    @property
    def encoding(self) -> str:
        return str(self.position_encoding or types.PositionEncodingKind.Utf16)

    def _create_text_document(
        self,
        doc_uri: str,
        source: str | None = None,
        version: int | None = None,
        language_id: str | None = None,
    ) -> Document:
        return Document(
            doc_uri,
            source=source,
            version=version,
            language_id=language_id,
            sync_kind=self._sync_kind,
            position_codec=self.position_codec,
        )

    def update_text_document(
        self,
        text_doc: types.VersionedTextDocumentIdentifier,
        change: types.TextDocumentContentChangeEvent,
    ) -> None:
        if unquote(text_doc.uri) not in self.text_documents:
            logger.warning("ignored a change of a document that is not open: %s", text_doc.uri)
            return
        super().update_text_document(text_doc, change)

    def update_notebook_document(self, params: types.DidChangeNotebookDocumentParams) -> None:
        """As pygls' own, which closes a cell that is opened anew in the same message (its language has changed), and looks for
        what is told of a cell among the cells from before the message."""
        notebook = self.get_notebook_document(notebook_uri=params.notebook_document.uri)
        if notebook is None:
            logger.warning(
                "ignored a change of a notebook that is not open: %s", params.notebook_document.uri
            )
            return
        notebook.version = params.notebook_document.version
        changes = params.change.cells
        if changes is None:
            return
        if changes.structure is not None:
            self._restructure(notebook, changes.structure)
        cells = {unquote(cell.document): cell for cell in notebook.cells}
        for told in changes.data or ():
            cell = cells.get(unquote(told.document))
            if cell is not None:
                cell.kind, cell.execution_summary = told.kind, told.execution_summary
        for content in changes.text_content or ():
            for change in content.changes:
                self.update_text_document(content.document, change)

    def _restructure(
        self, notebook: types.NotebookDocument, structure: types.NotebookDocumentCellChangeStructure
    ) -> None:
        array = structure.array
        cells = list(notebook.cells)
        cells[array.start : array.start + array.delete_count] = array.cells or ()
        notebook.cells = cells
        for closed in structure.did_close or ():
            self.remove_text_document(closed.uri)
        for opened in structure.did_open or ():
            self.put_text_document(opened, notebook_uri=notebook.uri)

    def refresh(self, uri: str) -> Snapshot | None:
        """Take a new snapshot of the document or notebook; None where it is not open."""
        snapshot = self._take(uri)
        if snapshot is None:
            self._snapshots.pop(unquote(uri), None)
            self._histories.pop(unquote(uri), None)
        else:
            self._snapshots[unquote(uri)] = snapshot
        return snapshot

    def _take(self, uri: str) -> Snapshot | None:
        notebook = self.get_notebook_document(notebook_uri=uri)
        if notebook is not None:
            return self._take_notebook(notebook)
        document = self.text_documents.get(unquote(uri))
        if document is None or unquote(uri) in self._cell_in_notebook:
            return None
        if document.language_id not in (None, "", "python"):
            return None
        return Snapshot(document.uri, file_of(uri), document.version, next(self._serials), document.source)

    def _take_notebook(self, notebook: types.NotebookDocument) -> Snapshot:
        cells: list[Cell] = []
        seen: list[SeenCell] = []
        row = 1
        for cell in notebook.cells:
            document = self.text_documents.get(unquote(cell.document))
            if (
                document is None
                or cell.kind != types.NotebookCellKind.Code
                or document.language_id != "python"
            ):
                continue
            text = document.source
            cells.append(Cell(document.uri, document.version, text, row + 1))
            row += len(split_lines(text)) + 1
            seen.append(_seen(document.uri, text, cell.execution_summary))
        history = self._histories.setdefault(unquote(notebook.uri), History())
        history.see(seen)
        return Snapshot(
            notebook.uri,
            file_of(notebook.uri),
            notebook.version,
            next(self._serials),
            join_cells([cell.text for cell in cells]),
            tuple(cells),
            history.runs,
        )

    def snapshot(self, uri: str) -> Snapshot | None:
        """The latest snapshot of a document or notebook; for the URI of a cell, that of its notebook."""
        owner = self._cell_in_notebook.get(unquote(uri), unquote(uri))
        return self._snapshots.get(owner)

    def snapshot_of_file(self, file: str) -> Snapshot | None:
        """The latest snapshot of the open document that is ``file``."""
        return next((snapshot for snapshot in self._snapshots.values() if snapshot.file == file), None)

    def snapshots(self) -> tuple[Snapshot, ...]:
        """The latest snapshot of all that is open."""
        return tuple(self._snapshots.values())

    def is_current(self, snapshot: Snapshot) -> bool:
        """Nobody has changed or closed the document since ``snapshot`` was taken."""
        latest = self._snapshots.get(snapshot.key)
        return latest is not None and latest.serial == snapshot.serial


def _seen(uri: str, text: str, summary: types.ExecutionSummary | None) -> SeenCell:
    # A client that counts from 0, or has no number to give, sends 0.
    order = summary.execution_order if summary is not None else None
    return SeenCell(uri, text, order or None, summary.success if summary is not None else None)


def file_of(uri: str) -> str:
    """The path of a ``file:`` URI; any other URI is its own name."""
    path = to_fs_path(uri)
    return path if path is not None and uri.startswith("file:") else unquote(uri)


def folders_of(texts: OpenTexts) -> tuple[str, ...]:
    """The folders of the workspace that are real ones."""
    uris = [folder.uri for folder in texts.folders.values()] or [texts.root_uri or ""]
    paths = [to_fs_path(uri) if uri.startswith("file:") else None for uri in uris]
    return tuple(path for path in paths if path and Path(path).is_dir())
