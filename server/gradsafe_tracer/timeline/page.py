"""The view and its data as one HTML page: no network, no other file."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Any, Mapping, Optional, Union

_FOLDER = Path(__file__).parent


def page(data: Mapping[str, Any]) -> str:
    """The page of the timeline ``data`` (see :mod:`gradsafe_tracer.timeline`).

    Its content security policy lets its own script and style run and nothing else, by their hashes: so an editor's web
    view can take it as it is, and text of the traced program can never run.
    """
    style, script = _part("view.css"), _part("view.js")
    parts = {
        "POLICY": f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}",
        "TITLE": _escaped(str(data.get("title") or "gradsafe trace")),
        "STYLE": style,
        "DATA": embedded(data),
        "SCRIPT": script,
    }
    html = _part("view.html")
    before, *pieces = html.split("{{")
    # Each placeholder once, in one pass: what is put in may hold braces of its own.
    return before + "".join(
        parts[name] + rest for name, _, rest in (piece.partition("}}") for piece in pieces)
    )


def write_page(path: Union[str, Path], text: str) -> None:
    """Writes a page whole or not at all: on a full disk what was there before stays. Raises OSError."""
    target = Path(path).resolve()
    if target.exists() and not (target.is_file() and os.access(target.parent, os.W_OK)):
        target.write_text(text, encoding="utf-8")  # a pipe, say: nothing can be put in its place
        return
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def embedded(data: Mapping[str, Any]) -> str:
    """JSON that can stand inside a script element whatever text it holds."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return _speakable(text)


def _part(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _escaped(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, entity)
    return _speakable(text)


def _speakable(text: str) -> str:
    """Lone surrogates are legal in Python's text and not in UTF-8; as JSON has them, they are told by their number."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def refusal(path: str) -> Optional[str]:
    """Why no page can be written to ``path``, and what to do; asked before a run that may take hours."""
    file = Path(path).absolute()
    if file.is_dir():
        return f"{path} is a folder. Give --html the name of a file, as in --html report.html"
    if not file.parent.is_dir():
        return f"{path}: the folder {file.parent} does not exist. Make it, or give --html another place"
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        return f"{path} cannot be written: no permission. Give --html another place"
    return None


def lost(path: str, error: OSError) -> str:
    """The page could not be written after all."""
    why = error.strerror or str(error)
    return (
        f"the report cannot be written to {path}: {why}. The findings stand above; free some space or give --html "
        "another place, and run it again"
    )
