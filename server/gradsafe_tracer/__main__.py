"""``python -m gradsafe_tracer [options] (FILE | -m MODULE) [ARGS ...]``: runs a program under the tracer.

Without ``--events`` a report goes to standard error, and the exit status is that of ``gradsafe trace``: 0 nothing found,
1 findings or the program raised, 2 nothing could be run, 3 time limit, 130 cancelled.
"""

from __future__ import annotations

import sys
import threading
from typing import Any, Dict, List, Optional, Tuple

from .running import command
from .running import program as programs
from .running.ending import Ending
from .running.hints import hint
from .running.leaving import crashes_noted, exit_code, exited
from .running.opening import open_session
from .running.program import ProgramError
from .timeline import refusal

CRASHES = ".crash"
"""What is added to the name of the events' file for that of the fault handler's."""


def main(arguments: Optional[List[str]] = None) -> int:
    options = command.parse(sys.argv[1:] if arguments is None else arguments)
    refused = refusal(options.html) if options.html is not None else None
    if refused is not None:
        print(f"gradsafe_tracer: {refused}.", file=sys.stderr)
        return 2
    ending = Ending(options.events, options.html, options.dry_run)
    try:
        loaded = _load(options)
        codes = programs.compile_cells(loaded)
        # Without values no gradient can be proved wrong.
        light = options.light or options.dry_run
        session = ending.session = open_session((cell.filename for cell in loaded.cells), light)
        ending.begin(loaded)
        ending.result["notes"] += _left_out(options.light)
        crashes = None if options.events is None else options.events + CRASHES
        with ending.prepared(options.deadline, options.memory), crashes_noted(crashes):
            _run(session, loaded, codes, options, ending.result)
        if not ending.here:
            return _status_of_a_fork(ending.result)
    except ProgramError as error:
        ending.session = None
        ending.result.update(outcome="problem", problem=error.problem, message=str(error), row=error.row)
        if options.events is None:
            print(f"gradsafe_tracer: {error}. {command.remedy(error.problem)}", file=sys.stderr)
            return 2
    ending.tell()
    return ending.status


def _load(options: Any) -> programs.Program:
    if options.module is not None:
        return programs.of_module(options.module)
    return programs.load(options.file, options.cell, options.source)


def _run(
    session: Any, loaded: programs.Program, codes: List[Any], options: Any, result: Dict[str, Any]
) -> None:
    from .context import watching

    with watching(session):
        try:
            if options.dry_run:
                from .running.dryrun import run_dry

                stop = run_dry(lambda: _to_its_end(loaded, codes, options.arguments))
                result["stopped"] = stop is not None
                result["notes"] += [] if stop is None else [stop]
            else:
                _to_its_end(loaded, codes, options.arguments)
            result["outcome"] = "completed"
        except ProgramError:
            raise
        except SystemExit as error:
            result.update(outcome="completed", exit=exit_code(error.code))
            result["notes"] += exited(error.code, _user_row(error)[1])
        except KeyboardInterrupt:
            result["outcome"] = "cancelled"
        except BaseException as error:
            result.update(outcome="raised", exception=described(error))
            result["notes"] += hint(error)
            print_error(error)
    result["notes"] += session.remarks()


def _status_of_a_fork(result: Dict[str, Any]) -> int:
    """A child made with ``os.fork`` comes out here as well: it ends as it would without us."""
    return int(result.get("exit", 1 if result.get("outcome") == "raised" else 0))


def _left_out(light: bool) -> List[str]:
    """What a light trace says of itself."""
    if not light:
        return []
    from .watching.session import UNSEEN

    return [f"--light does not see {UNSEEN}"]


def _to_its_end(loaded: programs.Program, codes: List[Any], arguments: List[str]) -> None:
    """Runs the program, then waits as the interpreter does before it exits: what other threads do belongs to the run."""
    programs.run(loaded, codes, arguments)
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()


def described(error: BaseException) -> Dict[str, Any]:
    """An error for the result line."""
    filename, row = _user_row(error)
    kind = type(error)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return {"type": name, "message": str(error), "row": row, "file": filename}


def _user_row(error: BaseException) -> Tuple[Optional[str], Optional[int]]:
    """The innermost row of the user's code that the error passed."""
    from .seen.places import USER, kind_of_file

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
    from .errors.tracebacks import format_plain

    sys.stdout.flush()
    sys.stderr.write(format_plain(error))


if __name__ == "__main__":
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]  # put there by -m; the program gets its own
    code = main()
    sys.stdout.flush()
    sys.exit(code)
