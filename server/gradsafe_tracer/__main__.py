"""``python -m gradsafe_tracer [--cell N] [--events PATH] FILE [-- ARGS]``: runs FILE under the tracer.

The events and, last, one line ``{"kind": "result", ...}`` go to PATH; without it a report goes to stderr.
"""

from __future__ import annotations

import argparse
import sys
import threading
from typing import Any, Dict, List, Optional, Tuple

from . import program as programs
from .ending import Ending
from .opening import open_session
from .program import ProgramError


def main(arguments: Optional[List[str]] = None) -> int:
    options = _parse(sys.argv[1:] if arguments is None else arguments)
    ending = Ending(options.events)
    try:
        loaded = programs.load(options.file, options.cell, options.source)
        codes = programs.compile_cells(loaded)
        session = ending.session = open_session((cell.filename for cell in loaded.cells), options.light)
        ending.result["notes"] = [*loaded.notes, *_left_out(options.light)]
        with ending.prepared(options.deadline, options.memory):
            code = _run(session, loaded, codes, options.arguments, ending.result)
    except ProgramError as error:
        ending.result.update(outcome="problem", problem=error.problem, message=str(error), row=error.row)
        if options.events is None:
            print(f"gradsafe_tracer: {error}", file=sys.stderr)
        code = 2
    ending.tell()
    return code


def _parse(arguments: List[str]) -> Any:
    parser = argparse.ArgumentParser(
        prog="gradsafe_tracer", description="Run a file under the autograd tracer."
    )
    parser.add_argument(
        "--cell", type=int, default=None, help="run up to this cell (# %%%% or notebook), from 1"
    )
    parser.add_argument("--events", default=None, help="write events and result to this file (JSON lines)")
    parser.add_argument(
        "--deadline", type=float, default=None, help="report at this time (seconds since 1970)"
    )
    parser.add_argument("--memory", type=int, default=None, help="report when the process holds more bytes")
    parser.add_argument("--source", default=None, help="run the text of this file in place of FILE's")
    parser.add_argument(
        "--light", action="store_true", help="cheaper: errors only, no silently wrong gradients"
    )
    parser.add_argument("file")
    own, rest = arguments, []
    if "--" in arguments:
        cut = arguments.index("--")
        own, rest = arguments[:cut], arguments[cut + 1 :]
    options, more = parser.parse_known_args(own)
    options.arguments = [*more, *rest]
    return options


def _run(
    session: Any, loaded: programs.Program, codes: List[Any], arguments: List[str], result: Dict[str, Any]
) -> int:
    session.start()
    try:
        programs.run(loaded, codes, arguments)
        _join_threads()
        result["outcome"] = "completed"
        return 0
    except SystemExit as error:
        result.update(outcome="completed", exit=exit_code(error.code))
        return exit_code(error.code)
    except KeyboardInterrupt:
        result["outcome"] = "cancelled"
        return 130
    except BaseException as error:
        result.update(outcome="raised", exception=described(error))
        print_error(error)
        return 1
    finally:
        session.stop()


def _left_out(light: bool) -> List[str]:
    """What a light trace says of itself."""
    if not light:
        return []
    from .session import UNSEEN

    return [f"--light does not see {UNSEEN}"]


def _join_threads() -> None:
    """As the interpreter does before it exits: what other threads do belongs to the run."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()


def exit_code(code: Any) -> int:
    """What ``sys.exit(code)`` means, said as Python says it."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code
    print(code, file=sys.stderr)
    return 1


def described(error: BaseException) -> Dict[str, Any]:
    """An error for the result line."""
    filename, row = _user_row(error)
    kind = type(error)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return {"type": name, "message": str(error), "row": row, "file": filename}


def _user_row(error: BaseException) -> Tuple[Optional[str], Optional[int]]:
    """The innermost row of the user's code that the error passed."""
    from .places import USER, kind_of_file

    filename, row = None, None
    step = error.__traceback__
    while step is not None:
        name = step.tb_frame.f_code.co_filename
        if kind_of_file(name) == USER:
            filename, row = name, step.tb_lineno
        step = step.tb_next
    return filename, row


def print_error(error: BaseException) -> None:
    """The traceback as a plain run would show it: without the tracer's own frames."""
    from .tracebacks import format_plain

    sys.stdout.flush()
    sys.stderr.write(format_plain(error))


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.exit(code)
