"""Write the schema of ``[tool.gradsafe]``."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.config_schema.generate import NAME, schema_text

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Write the file."""
    (ROOT / "schemas").mkdir(exist_ok=True)
    (ROOT / "schemas" / NAME).write_text(schema_text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
