"""Which gradsafe this is."""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec


def installed_version() -> str:
    """The version of the installed package; ``unknown`` where it is run from a folder that was never installed."""
    try:
        return version("gradsafe")
    except PackageNotFoundError:
        return "unknown"


def is_compiled() -> bool:
    """Whether the interpreter is C extensions here (``make wheel``); it is not imported to tell."""
    spec = find_spec("gradsafe.interp.machine")
    return spec is not None and (spec.origin or "").endswith(tuple(EXTENSION_SUFFIXES))
