"""``gradsafe.printDebugInformation``: what a report of a defect needs, and what a slow editor may be told by."""

from __future__ import annotations

import asyncio
import platform
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from gradsafe.lsp import commands
from gradsafe.lsp.analysis import Analysis, Configured, Inside
from gradsafe.lsp.documents import folders_of
from gradsafe.lsp.options import Options

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer

PACKAGES = ("gradsafe", "pygls", "lsprotocol", "libcst", "torch")


def register(server: GradsafeServer) -> None:
    """The command answers ``{markdown}``; the text goes to the log, too, where clients that show no answers have it."""

    @server.command(commands.DEBUG)
    async def print_debug_information() -> dict[str, str]:
        files = [snapshot.file for snapshot in server.texts.snapshots()]

        def ask(analysis: Analysis) -> tuple[Configured, Inside]:
            return analysis.configuration(files), analysis.inside()

        configured, inside = await asyncio.wrap_future(server.worker.ask(ask))
        text = "\n".join(_page(server, configured, inside)) + "\n"
        server.window_log_message(types.LogMessageParams(type=types.MessageType.Info, message=text))
        return {"markdown": text}


def _page(server: GradsafeServer, configured: Configured, inside: Inside) -> Iterator[str]:
    yield "# gradsafe: debug information"
    yield from _section("Versions", {**_versions(), **_client(server)})
    yield from _section(
        "Workspace",
        {
            "folders": ", ".join(folders_of(server.texts)) or None,
            "open documents": len(server.texts.snapshots()),
            "other configurations": ", ".join(configured.others) or None,
        },
    )
    yield from _section("Options that the client sent", _options(server.options))
    yield from _section("Settings", dict(_settings(server, configured)))
    counted = server.statistics
    yield from _block("Judging a new text", counted.quick.lines())
    yield from _block("Settling with callers and imports", counted.settled.lines())
    yield from _section("Analysis", {**inside.counts, "gave way": counted.interrupted})
    budgets = [f"{budget}: {number}" for budget, number in sorted(inside.budgets.items())]
    yield from _block("Budgets hit, by functions and modules", budgets or ["none"])


def _section(title: str, rows: Mapping[str, object]) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    for name, value in rows.items():
        yield f"- {name}: {value if value is not None else '-'}"


def _block(title: str, lines: list[str]) -> Iterator[str]:
    yield from ("", f"## {title}", "", "```text", *lines, "```")


def _versions() -> dict[str, str]:
    """Of what runs here. Torch is only named: the interpreter that runs code may be another one."""
    # With its parser of e-mail: nobody is to wait for that before `initialize` is answered.
    from importlib import metadata

    from gradsafe.report.about import is_compiled

    found = {"Python": f"{platform.python_version()} ({sys.executable})", "platform": platform.platform()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed here"
    found["the interpreter of programs"] = "compiled" if is_compiled() else "pure Python"
    return found


def _client(server: GradsafeServer) -> dict[str, object]:
    """What the client is, and how it gets its diagnostics."""
    info = server.client_info
    return {
        "client": f"{info.name} {info.version or ''}".strip() if info is not None else None,
        "position encoding": server.texts.encoding,
        "diagnostics": "pulled" if server.abilities.pulls else "pushed",
    }


def _options(options: Options) -> dict[str, object]:
    """All of them, with what they are where the client says nothing."""
    default = Options()
    return {
        name: f"{getattr(options, name)!r}{' (default)' if getattr(options, name) == getattr(default, name) else ''}"
        for name in Options.__dataclass_fields__
        if name != "editor"
    }


def _settings(server: GradsafeServer, configured: Configured) -> Iterator[tuple[str, object]]:
    """Each setting with where it comes from."""
    settings, editor = configured.settings, server.configuration.current
    yield "file", configured.file
    yield "mistakes", len(configured.problems) + len(configured.editor_problems)
    values: dict[str, Any] = {
        "select": sorted(settings.select) if settings.select is not None else "all",
        "ignore": sorted(settings.ignore),
        "severity": {code: severity.value for code, severity in settings.severity.items()},
        "exclude": list(settings.exclude),
        "baseline": settings.baseline,
        "advice": settings.advice,
        "tensor-names": list(settings.tensor_names),
        "entry-points": [":".join((each.file, ".".join(each.names))) for each in settings.entry_points],
        "per-file-ignores": {pattern: sorted(codes) for pattern, codes in settings.per_file_ignores},
    }
    for key, value in values.items():
        origins = [
            *(["the editor"] if key in editor else []),
            *([configured.file] if key in configured.given and configured.file is not None else []),
        ]
        yield key, f"{value} (from {', '.join(origins) or 'the defaults'})"
