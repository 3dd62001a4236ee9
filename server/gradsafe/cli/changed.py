"""``--changed-since REV``: the files that differ from a revision of git, and those that git does not know yet."""

from __future__ import annotations

import subprocess
from pathlib import Path

from gradsafe.cli.failure import Failure
from gradsafe.cli.opening import Opened


def changed_since(revision: str, opened: Opened) -> tuple[str, ...]:
    """Those of the files that are changed. The others stay in scope: who calls what is changed is judged, too.

    Raises :class:`Failure` where git is missing, or does not know the revision.
    """
    # A leading dash would be an option of git.
    if revision.startswith("-"):
        raise Failure(f"--changed-since {revision}: not a revision. Name a branch, a tag or a commit.")
    folder = str(Path(opened.files[0]).absolute().parent)
    top = Path(_git(folder, "rev-parse", "--show-toplevel", revision=revision).rstrip("\n"))
    differ = _git(str(top), "diff", "--name-only", "-z", "--no-ext-diff", revision, "--", revision=revision)
    new = _git(str(top), "ls-files", "--others", "--exclude-standard", "-z", revision=revision)
    changed = {(top / name).resolve() for name in (differ + new).split("\0") if name}
    return tuple(file for file in opened.files if Path(file).resolve() in changed)


def _git(folder: str, *arguments: str, revision: str) -> str:
    # A repository may name programs that git runs to see what has changed: nothing of the kind here.
    command = ["git", "-C", folder, "-c", "core.fsmonitor=false", *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", errors="surrogateescape"
        )
    except OSError as error:
        raise Failure(
            f"--changed-since needs git: {error.strerror or error}. Install it, or name files."
        ) from error
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise Failure(f"--changed-since {revision}: git says: {why}")
    return done.stdout
