"""Which gradsafe this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """The version of the installed package; ``unknown`` where it is run from a folder that was never installed."""
    try:
        return version("gradsafe")
    except PackageNotFoundError:
        return "unknown"
