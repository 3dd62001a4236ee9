"""The server object: its state, its errors, its start and its end. What it can do is in the feature modules."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException, JsonRpcInternalError
from pygls.lsp.server import LanguageServer

from gradsafe.lsp import (
    code_actions,
    code_lens,
    configuration,
    debug_information,
    diagnostics,
    explaining,
    fix_all,
    hover,
    inlay_hints,
    pull,
    pull_workspace,
    symbols,
    trace,
    watching,
)
from gradsafe.lsp.analysis import Analysis, Open
from gradsafe.lsp.diagnostics import Published
from gradsafe.lsp.documents import OpenTexts, folders_of
from gradsafe.lsp.options import ClientAbilities, Options, read_abilities, read_options
from gradsafe.lsp.protocol import Protocol
from gradsafe.lsp.running import CellRunner, OnOutput, Runner, RunRequest, TracedRun
from gradsafe.lsp.statistics import Statistics
from gradsafe.lsp.worker import Worker
from gradsafe.project.process import Rest

logger = logging.getLogger(__name__)

SWITCH_INTERVAL_S = 0.0005
"""Python's default lets the analysis hold the interpreter for 5 ms at a time while a message waits, four times a message."""

NOTEBOOKS = types.NotebookDocumentSyncOptions(
    # Each selector names its notebook type: clients in Python cannot decode one with cells alone.
    notebook_selector=[
        types.NotebookDocumentFilterWithNotebook(
            notebook=kind, cells=[types.NotebookCellLanguage(language="python")]
        )
        for kind in ("jupyter-notebook", "interactive")
    ],
    save=False,
)


class GradsafeServer(LanguageServer):
    """One client, one workspace, one worker."""

    protocol: Protocol

    def __init__(self, open_analysis: Open, runner: Runner) -> None:
        super().__init__(
            "gradsafe", _version(), protocol_cls=Protocol, notebook_document_sync=NOTEBOOKS, max_workers=2
        )
        self._open_analysis = open_analysis
        self.runner = runner
        self._reported: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.options = Options()
        self.abilities: ClientAbilities = read_abilities(types.ClientCapabilities())
        self.worker: Worker[Analysis] = Worker(self._create_analysis, self._worker_failed, Rest())
        self.statistics = Statistics()
        self.client_info: types.ClientInfo | None = None
        self.published = Published(self)
        self.pulled = pull.Pulled(self)
        self.configuration = configuration.Configuration(self)
        self.runs = trace.Runs(self)

    @property
    def texts(self) -> OpenTexts:
        """The open documents."""
        workspace = self.workspace
        assert isinstance(workspace, OpenTexts)
        return workspace

    def greet(self, params: types.InitializeParams) -> None:
        """Before the reply to ``initialize``; must stay cheap."""
        self.options = read_options(params.initialization_options)
        self.abilities = read_abilities(params.capabilities)
        self.client_info = params.client_info
        plain = self.workspace
        self.protocol._workspace = OpenTexts(
            plain.root_uri, list(params.workspace_folders or ()), str(plain.position_encoding)
        )
        self.protocol.on_cancel = self.runs.cancel_request
        self._loop = asyncio.get_running_loop()
        sys.setswitchinterval(SWITCH_INTERVAL_S)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop, on which everything but analyses and runs happens."""
        assert self._loop is not None
        return self._loop

    def on_loop(self, call: Callable[..., object], *args: Any) -> None:
        """From any thread: call on the event loop, where the client is written to. Lost once the loop has ended."""
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        loop.call_soon_threadsafe(self._guarded, call, args)

    def _guarded(self, call: Callable[..., object], args: tuple[Any, ...]) -> None:
        try:
            call(*args)
        except Exception as error:
            self.report_server_error(error, type(error))

    def tell_worker(self, job: Callable[[Analysis], object]) -> None:
        """Have ``job`` done before the next check; nobody waits for it, so its errors are reported here."""

        def done(future: Future[object]) -> None:
            error = None if future.cancelled() else future.exception()
            if isinstance(error, Exception):
                self._worker_failed(error)

        self.worker.ask(job).add_done_callback(done)

    def _create_analysis(self) -> Analysis:
        analysis = self._open_analysis(folders_of(self.texts))
        analysis.configure(self.options.editor)
        return analysis

    def _worker_failed(self, error: Exception) -> None:
        self.on_loop(self.report_server_error, error, type(error))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log every error in full; show each kind of error to the user once.

        Of a request that cannot be granted (``JsonRpcException``, ``ValueError``: what was asked for makes no sense) the answer says it.
        """
        raised = sys.exc_info()[1]
        if isinstance(error, JsonRpcInternalError) and isinstance(raised, Exception):
            error = raised  # pygls hands over its own words for what a handler has raised
        story = "".join(traceback.format_exception(error))
        logger.error("%s", story)
        if source is FeatureRequestError and isinstance(error, (JsonRpcException, ValueError)):
            return
        last = traceback.extract_tb(error.__traceback__)[-1:]
        signature = f"{type(error).__name__} {last}"
        if signature in self._reported:
            return
        self._reported.add(signature)
        self.window_log_message(types.LogMessageParams(type=types.MessageType.Error, message=story))
        self.window_show_message(
            types.ShowMessageParams(
                type=types.MessageType.Error,
                message=f"gradsafe: an internal error ({type(error).__name__}: {error}). "
                "It goes on working; the log has the details.",
            )
        )

    @property
    def was_told_to_stop(self) -> bool:
        """The client has sent ``shutdown``."""
        return self.protocol._shutdown

    def close(self) -> None:
        """End what runs; called on ``shutdown`` and when the client goes away without one."""
        self.runs.close()
        self.worker.stop()


def create_server(open_analysis: Open | None = None, runner: Runner | None = None) -> GradsafeServer:
    """A server with all its features; the arguments are for tests."""
    server = GradsafeServer(open_analysis or _open_projects, runner or _LaterRunner())

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.greet(params)
        pull.register(server)
        pull_workspace.register(server)

    @server.feature(types.INITIALIZED)
    async def initialized(params: types.InitializedParams) -> None:
        # The analysis loads while the client sends its first document.
        server.tell_worker(lambda analysis: None)
        await watching.watch(server)
        await server.configuration.begin()

    @server.feature(types.SHUTDOWN)
    def shutdown(params: None) -> None:
        server.close()

    for feature in (
        diagnostics,
        code_actions,
        fix_all,
        hover,
        code_lens,
        inlay_hints,
        trace,
        explaining,
        watching,
        configuration,
        debug_information,
        symbols,
    ):
        feature.register(server)
    return server


def _open_projects(folders: tuple[str, ...]) -> Analysis:
    # Runs in the worker, after the reply to initialize: libcst, the rules and the op table load here.
    from gradsafe.lsp.projects import Projects

    return Projects(folders)


class _LaterRunner:
    """Loads what runs code when something is run."""

    def run(self, request: RunRequest, cancel: threading.Event, on_output: OnOutput) -> TracedRun:
        from gradsafe.lsp.traced_run import RealRunner

        return RealRunner().run(request, cancel, on_output)

    def session(self, request: RunRequest) -> CellRunner:
        from gradsafe.lsp.traced_run import RealRunner

        return RealRunner().session(request)


def serve(server: GradsafeServer, tcp: tuple[str, int] | None) -> None:
    """Run to the end of the session. Standard output belongs to the protocol, so logs go to standard error."""
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    try:
        if tcp is None:
            server.start_io()
        else:
            server.start_tcp(*tcp)
    finally:
        server.close()
    if not server.was_told_to_stop:
        # pygls loses the exit code that the protocol asks for when nobody said "shutdown".
        sys.exit(1)


def _version() -> str:
    """The installed version, from the name of the package's own record.

    ``importlib.metadata`` parses the record itself, which would be a third of our share of the start.
    """
    for folder in sys.path:
        with contextlib.suppress(OSError):
            for name in os.listdir(folder or "."):  # noqa: PTH208  (pathlib is slower, and this is the start)
                if name.startswith("gradsafe-") and name.endswith(".dist-info"):
                    return name.removesuffix(".dist-info").partition("-")[2]
    return "unknown"
