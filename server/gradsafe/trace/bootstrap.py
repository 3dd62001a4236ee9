"""How the tracer is started in the user's interpreter: it sees the tracer's folder and nothing else of gradsafe."""

from __future__ import annotations

import os

from gradsafe.trace.deliver import tracer_folder

OLD_PYTHON = 97
"""The exit status of an interpreter that is too old."""
LOST = 96
"""That of a run that could not write how it ended, as in ``gradsafe_tracer.running.ending``."""
_BEGIN = f"""
import os, sys
if sys.path and sys.path[0] == "":
    del sys.path[0]
parts = os.environ.get("PYTHONPATH", "").split(os.pathsep)
if sys.version_info < (3, 9):
    sys.exit({OLD_PYTHON})
from gradsafe_tracer.%s import main
sys.path[:] = [path for path in sys.path if path != parts[0]]
if parts[1:]:
    os.environ["PYTHONPATH"] = os.pathsep.join(parts[1:])
else:
    del os.environ["PYTHONPATH"]
"""
_END = """
sys.stdout.flush()
sys.exit(code)
"""


def start(python: str, call: str, module: str = "__main__") -> list[str]:
    """The command that imports ``main`` of the tracer's ``module`` and makes ``call``, which sets ``code``."""
    return [python, "-u", "-c", _BEGIN % module + call + _END]


def environment() -> dict[str, str]:
    """Ours, with the tracer's folder first on the path; the child takes it off again."""
    ours = dict(os.environ)
    paths = [str(tracer_folder()), *filter(None, [ours.get("PYTHONPATH")])]
    ours["PYTHONPATH"] = os.pathsep.join(paths)
    return ours
