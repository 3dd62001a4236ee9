"""The schema as text, the same on every machine."""

from __future__ import annotations

import json

from gradsafe.project.schema import schema
from gradsafe.rules.base import all_rules

NAME = "pyproject-tool-gradsafe.json"


def schema_text() -> str:
    """What the file holds."""
    summaries = {rule.code: rule.page().strip().splitlines()[0] for rule in all_rules()}
    return json.dumps(schema(summaries), indent=2, ensure_ascii=False) + "\n"
