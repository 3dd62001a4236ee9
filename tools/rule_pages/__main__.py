"""Write the page of every rule, the index of them, and the table in the README."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.rule_pages.generate import readme_with_table, rule_files

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Write what has changed; pages of rules that are gone are removed."""
    folder = ROOT / "docs" / "rules"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = rule_files()
    for path in folder.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")
    readme = ROOT / "README.md"
    readme.write_text(readme_with_table(readme.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{len(wanted) - 1} rules")
    return 0


if __name__ == "__main__":
    sys.exit(main())
