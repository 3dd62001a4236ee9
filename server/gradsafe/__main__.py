"""``python -m gradsafe``."""

import sys

from gradsafe.cli import main

sys.exit(main())
