"""``gradsafe rule [CODE]``: the rule's page; without a code, the list."""

from __future__ import annotations

import argparse
import sys

from gradsafe.cli.catalogue import known, pages


def run(arguments: argparse.Namespace) -> int:
    """Markdown, laid out on a terminal and as it is in a pipe."""
    if arguments.code is None:
        for code, page in pages().items():
            print(f"{code:<28} {page.splitlines()[0] if page else ''}")
        return 0
    code = known(arguments.code)
    text = f"# {code}\n\n{pages()[code]}\n"
    if not sys.stdout.isatty():
        print(text, end="")
        return 0
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))
    return 0
