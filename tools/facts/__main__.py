"""``make facts``: writes the index of fixtures at the end of ``docs/AUTOGRAD.md``."""

from __future__ import annotations

from .index import PAGE, with_index

PAGE.write_text(with_index(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
