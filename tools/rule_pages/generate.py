"""What the generated files hold: a pure function of the rules."""

from __future__ import annotations

import re

from gradsafe.cli.catalogue import pages

BEGIN, END = "<!-- rules: made by `make rule-pages` -->", "<!-- end of rules -->"
NOTE = "<!-- Made by `make rule-pages` from the rule's docstring. -->"


def rule_files() -> dict[str, str]:
    """The text of each file in ``docs/rules`` by its name."""
    files = {f"{code}.md": f"# {code}\n\n{NOTE}\n\n{page}\n" for code, page in pages().items()}
    rows = "\n".join(f"| [{code}]({code}.md) | {summary(page)} |" for code, page in pages().items())
    index = f"# Rules\n\n{NOTE}\n\n`gradsafe rule CODE` prints the same pages.\n\n| rule | what it says |\n|---|---|\n{rows}\n"
    return {**files, "index.md": index}


def summary(page: str) -> str:
    """The first line of a page."""
    return page.partition("\n")[0]


def readme_with_table(readme: str) -> str:
    """The README with the table between its two marks made anew."""
    rows = "\n".join(
        f"| [`{code}`](docs/rules/{code}.md) | {summary(page)} |" for code, page in pages().items()
    )
    table = f"{BEGIN}\n\n| rule | what it says |\n|---|---|\n{rows}\n\n{END}"
    return re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: table, readme, flags=re.DOTALL)
