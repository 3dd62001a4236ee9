"""The text of a file as it is judged: of a notebook, that of its code cells."""

from __future__ import annotations

from dataclasses import dataclass

from gradsafe.syntax.cells import NotANotebook, NotebookText, notebook
from gradsafe.syntax.source import Unreadable, digest_of, read


@dataclass(frozen=True, slots=True)
class Program:
    """``digest``: that of the file's bytes; None where they cannot be told from the text."""

    text: str
    digest: str | None
    notebook: NotebookText | None = None


def read_program(file: str) -> Program | Unreadable:
    """What the disk holds under that name. Never raises."""
    source = read(file)
    if isinstance(source, Unreadable):
        return source
    try:
        digest = digest_of(source.text.encode(source.encoding))
    except UnicodeError:  # an encoding that reads more than it can write
        digest = None
    if not file.endswith(".ipynb"):
        return Program(source.text, digest)
    try:
        cells = notebook(source.text)
    except NotANotebook as error:
        return Unreadable(file, str(error), "Save it as a notebook of format 4.")
    return Program(cells.text, digest, cells)
