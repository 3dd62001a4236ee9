"""The command line: ``gradsafe check | fix | trace | rule | server | dump``.

One command per file, each with ``run(arguments) -> exit status``; a command's imports happen when it runs,
so that ``gradsafe server`` answers an editor before libcst is loaded. Exit status: 0 clean, 1 findings,
2 usage or internal error; ``trace`` adds 3 timeout and 130 cancelled.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from gradsafe.cli.failure import CANCELLED, Failure
from gradsafe.cli.parser import parse_arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; every way to fail ends in a message and an exit status, never in a traceback of ours."""
    arguments = parse_arguments(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = int(arguments.run(arguments))
        sys.stdout.flush()
        return status
    except Failure as failure:
        print(f"gradsafe: {failure}", file=sys.stderr)
        return failure.status
    except KeyboardInterrupt:
        print("gradsafe: cancelled", file=sys.stderr)
        return CANCELLED
    except BrokenPipeError:
        # Whoever read our output has had enough; the interpreter must not complain while it shuts down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if arguments.debug:
            raise
        print(
            f"gradsafe: internal error: {type(error).__name__}: {error}\n"
            "This is a defect of gradsafe, not of your code. Run the same command with --debug and report the\n"
            "traceback, with the smallest file that shows it, on the project's issue tracker.",
            file=sys.stderr,
        )
        return 2
