"""Files are read as Python reads them; what cannot be read says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradsafe.syntax import source
from gradsafe.syntax.source import Source, Unreadable, read


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"x = 1\r\ny\r", "x = 1\r\ny\r"),
        (b"\xef\xbb\xbfx = '\xc3\xa9'\n", "x = 'é'\n"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "# -*- coding: latin-1 -*-\nx = 'é'\n"),
        (b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '\x80'", None),
    ],
)
def test_bytes_come_back(tmp_path: Path, data: bytes, text: str | None) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(data)
    found = read(str(path))
    assert isinstance(found, Source)
    assert found.text.encode(found.encoding) == data
    if text is not None:
        assert found.text == text


def test_what_cannot_be_read_is_a_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = tmp_path / "bad.py"
    bad.write_bytes(b"x = 1\ny = '\xe9'\nz\n")
    unknown = tmp_path / "unknown.py"
    unknown.write_bytes(b"# coding: klingon\n")
    late = tmp_path / "late.py"
    late.write_bytes(b"x\n" * 3 + b"y = '\xe9'\n")
    found = [read(str(path)) for path in (bad, unknown, late, tmp_path, tmp_path / "none.py")]
    found.append(read("a\0b"))
    assert all(isinstance(each, Unreadable) and each.why and each.remedy for each in found)
    whys = [each.why for each in found if isinstance(each, Unreadable)]
    assert "byte 0xe9 in line 4" in whys[2]
    assert whys[3:5] == ["is a folder", "there is no such file"]
    monkeypatch.setattr(source, "MAX_BYTES", 3)
    assert isinstance(read(str(unknown)), Unreadable)
