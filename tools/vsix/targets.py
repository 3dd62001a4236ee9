"""Which machines an extension is built for: VS Code's names of platforms, and pip's."""

from __future__ import annotations

import platform
import sys
import sysconfig
from dataclasses import dataclass

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
"""Each gets its compiled module of libcst, side by side: the name of the file tells them apart."""


@dataclass(frozen=True, slots=True)
class Target:
    """``name`` as ``vsce --target`` has it; ``tags`` as ``pip download --platform`` has them."""

    name: str
    tags: tuple[str, ...]


TARGETS = (
    Target("linux-x64", ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")),
    Target("linux-arm64", ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")),
    Target("alpine-x64", ("musllinux_1_2_x86_64", "musllinux_1_1_x86_64")),
    Target("alpine-arm64", ("musllinux_1_2_aarch64", "musllinux_1_1_aarch64")),
    Target("darwin-x64", ("macosx_10_12_x86_64", "macosx_10_13_x86_64")),
    Target("darwin-arm64", ("macosx_11_0_arm64",)),
    Target("win32-x64", ("win_amd64",)),
    Target("win32-arm64", ("win_arm64",)),
)
UNIVERSAL = "universal"
"""No packages inside: the server comes from the user's own Python."""


def host() -> Target:
    """The target of this machine. Raises LookupError where there is none."""
    system = {"linux": "linux", "darwin": "darwin", "win32": "win32"}.get(sys.platform, sys.platform)
    if system == "linux" and "musl" in (sysconfig.get_config_var("SOABI") or ""):
        system = "alpine"
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    for target in TARGETS:
        if target.name == f"{system}-{machine}":
            return target
    raise LookupError(f"no extension is built for {system}-{machine}; there are: {', '.join(names())}")


def names() -> list[str]:
    """All targets by name."""
    return [target.name for target in TARGETS]
