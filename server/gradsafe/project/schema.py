"""The JSON schema of ``[tool.gradsafe]``, made of what the reader of the settings accepts: for editors and for whoever writes TOML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradsafe.project.settings import KEYS
from gradsafe.rules.finding import Severity

DESCRIPTIONS = {
    "select": "The only rules to tell of. Absent: all.",
    "ignore": "Rules to say nothing of; wins over `select`.",
    "per-file-ignores": "Rules to say nothing of in files that match a pattern, written as in `.gitignore`.",
    "severity": "How severe findings of a rule are, whatever the analysis is sure of.",
    "exclude": "Files and folders that are not analysed, written as in `.gitignore`.",
    "advice": "Tell also where an operation out of place is proved to be as good in place, as a hint.",
    "tensor-names": "Names of parameters that are tensors where nothing else says what they are: `x`, `*_logits`.",
    "entry-points": "Functions and scripts that the program is started by: `train.py:main`, `package.module:Trainer.fit`, `train.py`.",
    "baseline": "The file of findings that are known and not told, seen from here; `gradsafe check --write-baseline FILE` writes it.",
}


def schema(summaries: Mapping[str, str]) -> dict[str, Any]:
    """``summaries``: what each rule says, by its code."""
    rule = {"oneOf": [{"const": code, "description": text} for code, text in sorted(summaries.items())]}
    strings = {"type": "array", "items": {"type": "string"}}
    rules = {"type": "array", "items": {"$ref": "#/definitions/rule"}}
    shapes: dict[str, dict[str, Any]] = {
        "select": rules,
        "ignore": rules,
        "per-file-ignores": {"type": "object", "additionalProperties": rules},
        "severity": {
            "type": "object",
            "propertyNames": {"$ref": "#/definitions/rule"},
            "additionalProperties": {"enum": [each.value for each in Severity]},
        },
        "exclude": strings,
        "advice": {"type": "boolean"},
        "tensor-names": {"type": "array", "items": {"type": "string", "pattern": r"^[\w*?!\[\]-]+$"}},
        "entry-points": {"type": "array", "items": {"type": "string", "minLength": 1}},
        "baseline": {"type": "string", "minLength": 1},
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://json.schemastore.org/partial-gradsafe.json",
        "title": "[tool.gradsafe] in pyproject.toml",
        "type": "object",
        "additionalProperties": False,
        "definitions": {"rule": rule},
        "properties": {key: {"description": DESCRIPTIONS[key], **shapes[key]} for key in KEYS},
    }
