"""The published schema is the one that the code gives, and takes what the reader of the settings takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tools.config_schema.generate import NAME, schema_text

from gradsafe.project.settings import KEYS, parse
from gradsafe.rules.base import all_rules

SCHEMA = json.loads(schema_text())
CODES = tuple(rule.code for rule in all_rules())
GOOD: list[dict[str, Any]] = [
    {},
    {"select": ["leaf-modified"], "ignore": [], "exclude": ["old/"]},
    {"baseline": "known.json"},
    {"advice": True},
    {"tensor-names": ["x", "*_logits", "h[01]"]},
    {"entry-points": []},
    {"severity": {"graph-freed": "hint"}, "per-file-ignores": {"tests/*": ["leaf-modified"]}},
]
WRONG: list[dict[str, Any]] = [
    {"selct": []},
    {"select": "leaf-modified"},
    {"select": ["leaf-modifed"]},
    {"ignore": [3]},
    {"severity": {"graph-freed": "fatal"}},
    {"severity": {"freed": "hint"}},
    {"severity": ["graph-freed"]},
    {"per-file-ignores": {"tests/*": ["nothing"]}},
    {"per-file-ignores": ["tests/*"]},
    {"exclude": [1]},
    {"baseline": ""},
    {"advice": "yes"},
    {"tensor-names": "x"},
    {"tensor-names": ["model.weight"]},
    {"entry-points": "train.py:main"},
    {"entry-points": [""]},
    {"baseline": ["known.json"]},
]


def written(table: dict[str, Any]) -> str:
    """The table in TOML: JSON's strings and lists are TOML's."""
    lines = ["[tool.gradsafe]"]
    for key, value in table.items():
        if isinstance(value, dict):
            inner = ", ".join(f'"{name}" = {json.dumps(each)}' for name, each in value.items())
            lines.append(f"{key} = {{ {inner} }}")
        else:
            lines.append(f"{key} = {json.dumps(value)}")
    return "\n".join(lines) + "\n"


def test_the_committed_schema_is_that_of_the_code() -> None:
    committed = Path(__file__).parents[2] / "schemas" / NAME
    assert committed.read_text("utf-8") == schema_text(), "make config-schema"
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert tuple(SCHEMA["properties"]) == KEYS


@pytest.mark.parametrize("table", [*GOOD, *WRONG], ids=json.dumps)
def test_it_takes_what_the_reader_takes(table: dict[str, Any]) -> None:
    valid = jsonschema.Draft7Validator(SCHEMA).is_valid(table)
    assert valid == (table in GOOD)
    assert (not parse("pyproject.toml", written(table), CODES).problems) == valid
