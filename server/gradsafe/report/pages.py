"""Where the page of a rule can be read."""

from __future__ import annotations

from pathlib import Path

import gradsafe

PACKAGE = Path(gradsafe.__file__).resolve().parent


def page_url(code: str) -> str:
    """The rule's page: in a checkout the one in ``docs/``, else the rule's own file, which begins with it.

    A local address always opens, without a network and in the version that is installed.
    """
    page = PACKAGE.parent.parent / "docs" / "rules" / f"{code}.md"
    if not page.is_file():
        page = PACKAGE / "rules" / f"{code.replace('-', '_')}.py"
    return page.as_uri()
