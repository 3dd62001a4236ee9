"""``python -m tools.vsix [TARGET ...]``: the extension for each platform, into ``client/dist``.

``all`` (default): every platform and the universal one. ``host``: this machine's. What is downloaded is kept in
``.cache/vsix``.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from .requirements import pinned
from .targets import TARGETS, UNIVERSAL, Target, host, names
from .wheels import Unavailable, build_own, download, unpack

ROOT = Path(__file__).parents[2]
LIBS = ROOT / "client" / "bundled" / "libs"
OUT = ROOT / "client" / "dist"
CACHE = ROOT / ".cache" / "vsix"


def main() -> int:
    """Build, print what was built and how large it is."""
    parser = argparse.ArgumentParser(prog="python -m tools.vsix", description=__doc__)
    parser.add_argument("targets", nargs="*", default=["all"], metavar="TARGET",
                        help=f"all, host, {UNIVERSAL}, {', '.join(names())}")  # fmt: skip
    wanted = parser.parse_args().targets
    try:
        chosen = _chosen(wanted)
        own = build_own(ROOT, CACHE / "own")
        for target in chosen:
            made = _build(target, own)
            print(f"{made.relative_to(ROOT)}: {made.stat().st_size / 1e6:.1f} MB", flush=True)
    except (LookupError, Unavailable, ValueError) as error:
        print(f"vsix: {error}", file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(LIBS, ignore_errors=True)
    return 0


def _chosen(wanted: list[str]) -> list[Target | None]:
    """None is the universal one. Raises LookupError."""
    if "all" in wanted:
        return [*TARGETS, None]
    by_name = {target.name: target for target in TARGETS}
    found: list[Target | None] = []
    for name in wanted:
        if name not in (*by_name, UNIVERSAL, "host"):
            raise LookupError(f"no target {name!r}; there are: all, host, {UNIVERSAL}, {', '.join(by_name)}")
        found.append(host() if name == "host" else by_name.get(name))
    return found


def _build(target: Target | None, own: Path) -> Path:
    shutil.rmtree(LIBS, ignore_errors=True)
    if target is not None:
        needed = [each for each in pinned() if each.is_for(target.name)]
        unpack([own, *(wheel for each in needed for wheel in download(each, target, CACHE))], LIBS)
    made = OUT / ("gradsafe.vsix" if target is None else f"gradsafe-{target.name}.vsix")
    options = [] if target is None else ["--target", target.name]
    _run(["npm", "run", "--silent", "package", "--", "--out", str(made), *options])
    return made


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"`{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main())
