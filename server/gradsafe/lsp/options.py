"""What the client sent with ``initialize``: its own options, and what it can show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lsprotocol import types
from pygls.capabilities import get_capability

DEFAULT_TIMEOUT = 120.0
"""A defect shows within a step or two; what runs for longer is mostly a loop that never ends."""
DEFAULT_IDLE = 30 * 60.0
"""A session holds its tensors, perhaps on a GPU that others wait for."""

SETTINGS = {
    "select": "select",
    "ignore": "ignore",
    "severity": "severity",
    "advice": "advice",
    "tensorNames": "tensor-names",
    "entryPoints": "entry-points",
}
"""As an editor spells them, and as ``pyproject.toml`` does."""


@dataclass(frozen=True)
class Options:
    """``initializationOptions``.

    ``trusted`` is None where the client says nothing of trust. ``shows_traces``: it has a place for the output and the
    results of runs (``gradsafe/output``, ``gradsafe/traced``); else they go to the log and a message.
    ``tensor_hover``: hover on any tensor, not only on findings. ``static_hints``: versions that the analysis predicts beside the code.
    ``whole_workspace``: diagnostics of files that are not open, too, for clients that pull.
    ``editor``: what it says of rules, over what the project's configuration says.
    Times are in seconds, memory in bytes; None is no limit.
    """

    trusted: bool | None = None
    code_lens: bool = True
    trace_interpreter: str | None = None
    trace_timeout: float | None = DEFAULT_TIMEOUT
    trace_memory: int | None = None
    trace_idle: float | None = DEFAULT_IDLE
    trace_arguments: tuple[str, ...] = ()
    version_hints: bool = True
    shows_traces: bool = False
    tensor_hover: bool = True
    static_hints: bool = False
    whole_workspace: bool = False
    editor: Mapping[str, Any] = field(default_factory=dict)


def read_options(sent: Any) -> Options:
    """Whatever is missing or of the wrong kind becomes the default: a typo must not keep the server from starting."""
    top = mapping(sent)
    trace = mapping(top.get("trace"))
    trusted = top.get("trusted")
    interpreter = trace.get("interpreter")
    arguments = trace.get("arguments")
    return Options(
        trusted=trusted if isinstance(trusted, bool) else None,
        code_lens=top.get("codeLens") is not False,
        trace_interpreter=interpreter if isinstance(interpreter, str) and interpreter else None,
        trace_timeout=_limit(trace.get("timeout"), DEFAULT_TIMEOUT),
        trace_memory=None
        if (megabytes := _limit(trace.get("memoryLimit"), None)) is None
        else int(megabytes * 1e6),
        trace_idle=None
        if (minutes := _limit(trace.get("idleTimeout"), DEFAULT_IDLE / 60)) is None
        else minutes * 60,
        trace_arguments=tuple(map(str, arguments)) if isinstance(arguments, (list, tuple)) else (),
        version_hints=trace.get("versionHints") is not False,
        shows_traces=trace.get("notification") is True,
        tensor_hover=mapping(top.get("hover")).get("tensors") is not False,
        editor=editor_settings(top),
        whole_workspace=top.get("diagnosticMode") == "workspace",
        static_hints=mapping(top.get("inlayHints")).get("versions") is True,
    )


def editor_settings(sent: Any) -> dict[str, Any]:
    """What the client has sent of the settings that ``pyproject.toml`` has, too, by their names there; what is empty or null is not said."""
    top = mapping(sent)
    found = {key: top[sent_as] for sent_as, key in SETTINGS.items() if top.get(sent_as) is not None}
    plain = {key: mapping(value) if hasattr(value, "_asdict") else value for key, value in found.items()}
    return {key: value for key, value in plain.items() if key == "select" or value not in ([], (), {})}


def _limit(value: Any, default: float | None) -> float | None:
    """A number above 0; 0 is no limit."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        return default
    return float(value) or None


def mapping(value: Any) -> dict[str, Any]:
    """``value`` as a dict; pygls gives free-form objects as dicts or as named tuples."""
    if isinstance(value, dict):
        return value
    if hasattr(value, "_asdict"):
        return dict(value._asdict())
    return {}


@dataclass(frozen=True)
class ClientAbilities:
    """The optional parts of the protocol that this client understands."""

    related_information: bool
    code_description: bool
    diagnostic_data: bool
    diagnostic_tags: bool
    versioned_edits: bool
    resolves_edits: bool
    preferred_actions: bool
    progress: bool
    markdown_hover: bool
    refreshes_lenses: bool
    refreshes_hints: bool
    applies_edits: bool
    pulls: bool
    refreshes_diagnostics: bool


def read_abilities(client: types.ClientCapabilities) -> ClientAbilities:
    """Each optional ability, False where the client is silent."""

    def has(path: str) -> bool:
        return bool(get_capability(client, path))

    publish = "text_document.publish_diagnostics"
    resolvable = get_capability(client, "text_document.code_action.resolve_support.properties") or ()
    formats = get_capability(client, "text_document.hover.content_format") or ()
    return ClientAbilities(
        related_information=has(f"{publish}.related_information"),
        code_description=has(f"{publish}.code_description_support"),
        diagnostic_data=has(f"{publish}.data_support"),
        diagnostic_tags=has(f"{publish}.tag_support"),
        versioned_edits=has("workspace.workspace_edit.document_changes"),
        resolves_edits="edit" in resolvable and has("text_document.code_action.data_support"),
        preferred_actions=has("text_document.code_action.is_preferred_support"),
        progress=has("window.work_done_progress"),
        markdown_hover=types.MarkupKind.Markdown in formats,
        refreshes_lenses=has("workspace.code_lens.refresh_support"),
        refreshes_hints=has("workspace.inlay_hint.refresh_support"),
        applies_edits=has("workspace.apply_edit"),
        pulls=get_capability(client, "text_document.diagnostic") is not None,
        refreshes_diagnostics=has("workspace.diagnostics.refresh_support"),
    )
