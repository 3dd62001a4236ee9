"""What each output format says of the same finding."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

import jsonschema
import pytest
from rich.console import Console
from story import FILE, FINDING, FIXES, TEXT, entry, place_of

from gradsafe.report.concise import render_concise
from gradsafe.report.entry import Entry, in_order, to_entry
from gradsafe.report.full import print_full
from gradsafe.report.github import render_github
from gradsafe.report.json_format import SCHEMA, render_json
from gradsafe.report.sarif import render_sarif
from gradsafe.report.summary import summarise
from gradsafe.report.texts import edited_files, split_lines
from gradsafe.rules.finding import Edit, Fix, Severity
from gradsafe_tracer.events import Place

FULL = """\
error[saved-tensor-modified]: `h` is changed in place after `*` saved it for backward
  --> models/block.py:6:5
  5 |     b = h * w
    |         ----- `*` keeps `h` to compute the gradient of `w`
  6 |     h += residual
    |     ^^^^^^^^^^^^^ change this line
...
 12 | loss.backward()
    | --------------- reads the saved `h` and raises
  = torch says: one of the variables needed for gradient computation has been modified by an inplace operation: [torch.FloatTensor [3]], which is output 0 of ReluBackward0, is at version 1; expected version 0 instead.
  = fix: Replace `h += ...` by `h = h + ...` (safe, checked)
    -     h += residual
    +     h = h + residual
  = or: Ignore `saved-tensor-modified` here
  = learn why: gradsafe rule saved-tensor-modified

"""


def full(entries: list[Entry], texts: dict[str, str], **options: object) -> str:
    out = io.StringIO()
    print_full(entries, texts, Console(file=out, **options))  # type: ignore[arg-type]
    return out.getvalue()


def test_full_reads_without_colour() -> None:
    assert full([entry()], {FILE: TEXT}, width=60) == FULL


def test_lines_that_a_fix_moves_or_puts_in_are_shown_between_their_neighbours() -> None:
    line = place_of("    b = h * w\n")._replace(end_row=6, end_column=1)
    behind = place_of("    return")._replace(end_column=1)
    moved = (Edit(line, ""), Edit(behind, "    b = h * w\n"))
    told = full([entry(fixes=(Fix("Move it", "moved", moved, safe=False),))], {FILE: TEXT}, width=60)
    assert (
        "    +     h += residual\n          b = h * w\n    -     h += residual\n          return b.sum()"
        in told
    )


def test_colour_adds_nothing_but_colour() -> None:
    coloured = full([entry()], {FILE: TEXT}, force_terminal=True, color_system="standard", width=60)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == FULL


def test_full_says_that_torch_is_silent() -> None:
    silent = replace(entry(), runtime_message=None, severity=Severity.WARNING)
    assert "torch says: nothing: the program runs, and the gradient is wrong" in full([silent], {FILE: TEXT})


def test_full_marks_wide_characters_and_tabs_where_they_are() -> None:
    text = "\t名 = 1; h += 1\n"
    at = Place("w.py", 1, 9, 1, 15)
    lines = full([replace(entry(), place=at, related=(), fixes=())], {"w.py": text}).splitlines()
    code = next(line for line in lines if "名" in line)
    mark = next(line for line in lines if "^" in line)
    assert mark.index("^") == code.index("h += 1") + 1  # the wide sign takes two cells


def test_full_lets_no_control_character_through() -> None:
    text = "h += '\x1b[31m\u202e'\n"
    found = replace(entry(), place=Place("e.py", 1, 1, 1, 4), related=(), fixes=(), message="a\x1b]0;b\x07")
    shown = full([found], {"e.py": text})
    assert "\x1b" not in shown and "\u202e" not in shown and "\x07" not in shown


def test_full_survives_a_place_outside_its_text() -> None:
    assert "models/block.py:6:5" in full([entry()], {})


def test_json_is_the_contract() -> None:
    schema = json.loads((SCHEMA / "findings.schema.json").read_text("utf-8"))
    (found,) = rendered = json.loads(render_json([entry()]))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(rendered, schema)
    assert found["filename"] == FILE
    assert found["location"] == {"row": 6, "column": 5} and found["end_location"] == {"row": 6, "column": 18}
    assert [each["role"] for each in found["related"]] == ["saved", "backward"]
    assert found["fixes"][0]["applicability"] == "safe" and found["fixes"][0]["preferred"] is True
    assert found["fixes"][0]["edits"][0]["content"] == "= h + residual"
    assert found["url"].startswith("file:")
    assert render_json([]) == "[]\n"


@pytest.mark.parametrize(
    "spoilt", [{"severity": "fatal"}, {"location": {"row": 0, "column": 1}}, {"more": 1}]
)
def test_the_schema_refuses_what_the_contract_does_not_say(spoilt: dict[str, object]) -> None:
    schema = json.loads((SCHEMA / "findings.schema.json").read_text("utf-8"))
    (found,) = json.loads(render_json([entry()]))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([{**found, **spoilt}], schema)


def test_concise_is_one_line() -> None:
    assert render_concise([entry()]) == (
        "models/block.py:6:5: error[saved-tensor-modified] [*] "
        "`h` is changed in place after `*` saved it for backward\n"
    )


def test_github_escapes_what_would_end_a_command() -> None:
    spoilt = replace(entry(), message="100%\nof it", place=Place("a,b:c.py", 6, 5, 6, 18), related=())
    assert render_github([spoilt]) == (
        "::error title=gradsafe (saved-tensor-modified),file=a%2Cb%3Ac.py,line=6,col=5,endLine=6,endColumn=18"
        "::100%25%0Aof it\n"
    )


def test_sarif_has_the_shape_of_2_1_0() -> None:
    log = json.loads(
        render_sarif([entry(), replace(entry(), code="leaf-modified", severity=Severity.WARNING)])
    )
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"] == "gradsafe" and run["columnKind"] == "unicodeCodePoints"
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert result["level"] in ("none", "note", "warning", "error")
        for location in (*result["locations"], *result["relatedLocations"]):
            region = location["physicalLocation"]["region"]
            assert set(region) == {"startLine", "startColumn", "endLine", "endColumn"}
            assert location["physicalLocation"]["artifactLocation"]["uri"] == "models/block.py"
        for fix in result["fixes"]:
            assert fix["description"]["text"]
            for change in fix["artifactChanges"]:
                assert all("deletedRegion" in each for each in change["replacements"])


def test_sarif_quotes_file_names() -> None:
    log = json.loads(render_sarif([replace(entry(), place=Place("a b/ü.py", 1, 1, 1, 2))]))
    location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "a%20b/%C3%BC.py"


def test_a_place_that_is_gone_takes_only_its_own_with_it() -> None:
    gone = to_entry(replace(FINDING, primary="gone"), FIXES, lambda p: p if isinstance(p, Place) else None)
    assert gone is None
    kept = to_entry(FINDING, FIXES, lambda p: None if p == FINDING.related[0].place else p)  # type: ignore[return-value]
    assert kept is not None and [each.role.value for each in kept.related] == ["backward"]


def test_order_is_by_place() -> None:
    later, sooner = (
        replace(entry(), place=Place("b.py", 1, 1, 1, 2)),
        replace(entry(), place=Place("a.py", 9, 1, 9, 2)),
    )
    assert in_order([later, sooner]) == [sooner, later]


def test_summary_counts() -> None:
    warning = replace(entry(), severity=Severity.WARNING, fixes=())
    assert summarise([], 2) == "No findings in 2 files."
    assert summarise([entry(), entry(), warning], 1) == (
        "Found 2 errors and 1 warning in 1 file. 2 can be fixed with `gradsafe fix`."
    )


def test_only_real_line_breaks_count() -> None:
    assert split_lines("a\u2028b\fc\r\nd\re") == ["a\u2028b\fc\r\n", "d\r", "e"]


def test_edits_of_two_files_stay_apart() -> None:
    texts = {FILE: TEXT, "other.py": "x\n"}
    assert edited_files(texts, entry().fixes[0].edits) == {
        FILE: TEXT.replace("h += residual", "h = h + residual")
    }
