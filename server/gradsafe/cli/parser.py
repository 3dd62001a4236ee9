"""The arguments of every command.

argparse, because ``gradsafe server`` is started by editors and must answer at once: it loads
in 7 ms, the prettier libraries in 75 ms and more.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module

FORMATS = ("full", "concise", "json", "github", "sarif")
DUMPS = ("ir", "events", "findings", "state")


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The command's arguments; ``run`` is the function that carries it out. Exits with 2 where they are wrong."""
    ours, theirs = list(argv), []
    if "--" in ours and "trace" in ours[: ours.index("--")]:
        cut = ours.index("--")
        ours, theirs = ours[:cut], ours[cut + 1 :]
    parser = _parser()
    arguments, unknown = parser.parse_known_args(ours)
    if unknown:
        hint = "; what is meant for the program stands after --" if arguments.command == "trace" else ""
        parser.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
    if arguments.command == "trace":
        arguments.arguments = theirs
    return arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gradsafe",
        description="Finds in-place operations that break backward() or falsify its gradients, and mends them.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    # Without ``prog`` argparse formats a usage, and imports shutil and all that compresses for that.
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", prog=parser.prog)
    _check(commands)
    _fix(commands)
    _trace(commands)
    _explain(commands)
    clean = _command(commands, "clean", "remove the results that check and fix have kept")
    _cache_dir(clean)
    rule = _command(commands, "rule", "print the page of a rule")
    rule.add_argument(
        "code", metavar="CODE", nargs="?", help="for example saved-tensor-modified; none lists them all"
    )
    server = _command(commands, "server", "run the language server, on standard input and output")
    server.add_argument("--tcp", metavar="[HOST:]PORT", help="listen for one client on this port instead")
    server.add_argument("--stdio", action="store_true", help="the default; editors like to say it")
    dump = _command(commands, "dump", "print what a stage of the analysis makes of a file")
    dump.add_argument("stage", choices=DUMPS, help="which stage")
    dump.add_argument("file", metavar="FILE")
    return parser


def _check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = _command(commands, "check", "report findings; exit 1 if one is an error or a warning")
    paths = "files and folders, or - for the text on standard input; default: this folder"
    check.add_argument("paths", metavar="PATH", nargs="*", default=["."], help=paths)
    check.add_argument(
        "--stdin-filename", metavar="FILE", help="the file that the text on standard input belongs to"
    )
    check.add_argument("--output-format", choices=FORMATS, default="full")
    _selection(check)
    check.add_argument(
        "-v", "--verbose", action="store_true", help="say also where the analysis reached a bound"
    )
    check.add_argument("--exit-zero", action="store_true", help="exit 0 whatever is found")
    check.add_argument(
        "--changed-since", metavar="REV", help="tell only of files that differ from this revision of git"
    )
    check.add_argument(
        "--watch", action="store_true", help="check again whenever a file changes, until Ctrl+C"
    )
    known = check.add_mutually_exclusive_group()
    known.add_argument("--baseline", metavar="FILE", help="leave out the findings that this file knows")
    known.add_argument(
        "--write-baseline", metavar="FILE", help="write all findings to this file, to be known from now on"
    )
    known.add_argument(
        "--add-ignores", action="store_true", help="write a comment that ignores it at each finding"
    )


def _fix(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    fix = _command(commands, "fix", "apply the fixes that change no value and are known to hold")
    fix.add_argument(
        "paths", metavar="PATH", nargs="*", default=["."], help="files and folders; default: this folder"
    )
    fix.add_argument("--diff", action="store_true", help="show what would change and change nothing")
    fix.add_argument("--unsafe-fixes", action="store_true", help="apply fixes that may change results, too")
    _selection(fix)


def _selection(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "-j",
        "--jobs",
        metavar="N",
        type=_jobs,
        help="judge in so many processes; default: one for each processor",
    )
    command.add_argument(
        "--select", metavar="CODES", action="append", help="only these rules, separated by commas"
    )
    command.add_argument("--ignore", metavar="CODES", action="append", help="all but these rules")
    advice = "tell also where an operation out of place is proved to be as good in place (needless-copy)"
    command.add_argument("--advice", action="store_true", help=advice)
    command.add_argument("--no-cache", action="store_true", help="judge all files anew, and keep nothing")
    _cache_dir(command)


def _cache_dir(command: argparse.ArgumentParser) -> None:
    where = "where results are kept between runs; default: $GRADSAFE_CACHE_DIR, else your user's cache folder"
    command.add_argument("--cache-dir", metavar="DIR", help=where)


def _trace(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    trace = _command(commands, "trace", "run a program and tell who saved, who modified, who failed")
    trace.usage = "gradsafe trace [options] (FILE | -m MODULE | --pytest FILE::TEST) [-- ARGS]"
    program = trace.add_mutually_exclusive_group(required=True)
    text = "a script or a notebook; what follows -- is passed to it"
    program.add_argument("file", metavar="FILE", nargs="?", help=text)
    program.add_argument("-m", metavar="MODULE", dest="module", help="run a module, as python -m does")
    program.add_argument(
        "--pytest", metavar="FILE::TEST", help="run a test, or all tests of a file, as pytest does"
    )
    dry = "run on meta tensors: no data, no GPU, in milliseconds; as far as no value is needed"
    trace.add_argument("--dry-run", action="store_true", help=dry)
    trace.add_argument("--cell", metavar="N", type=_cell, help="run the cells up to this one, counted from 1")
    trace.add_argument("--timeout", metavar="S", type=_seconds, help="end the run after so many seconds")
    trace.add_argument("--python", metavar="PATH", help="the interpreter to run it with; it must have torch")
    trace.add_argument(
        "--html", metavar="FILE", help="write the report as one HTML page with a timeline, too"
    )
    trace.add_argument(
        "--light", action="store_true", help="cheaper: errors only, no silently wrong gradients"
    )
    trace.add_argument("--output-format", choices=("full", "json"), default="full")


def _explain(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    explain = _command(
        commands, "explain", "say what an error of autograd means, and which lines are behind it"
    )
    explain.add_argument("file", metavar="FILE", nargs="?", help="holds the traceback; none: standard input")
    where = "where to look for the lines; none: the files that the traceback names"
    explain.add_argument("--in", metavar="PATH", dest="paths", action="append", help=where)
    explain.add_argument("--output-format", choices=("full", "json"), default="full")


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
    command.add_argument("--debug", action="store_true", help="show the traceback of an internal error")
    command.set_defaults(run=_Later(name))
    return command


class _Later:
    """Imports a command when it is run."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, arguments: argparse.Namespace) -> int:
        run: Callable[[argparse.Namespace], int] = import_module(f"gradsafe.cli.{self._name}").run
        return run(arguments)


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        from gradsafe.report.about import installed_version

        print(f"gradsafe {installed_version()}")
        parser.exit()


def _cell(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a cell number; cells count from 1, and 0 is the code before the first marker"
        )
    return int(text)


def _jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes, 1 or more")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds
