"""The names of the commands: what the server executes, and what lenses and clients refer to."""

from __future__ import annotations

RUN_CELL = "gradsafe.runAndTraceCell"
RUN_FILE = "gradsafe.runAndTraceFile"
RUN_TEST = "gradsafe.runAndTraceTest"
DRY_RUN = "gradsafe.dryRunCell"
CANCEL = "gradsafe.cancelTrace"
RESTART = "gradsafe.restartTraceSession"
CLEAR = "gradsafe.clearTrace"
TIMELINE = "gradsafe.timelinePage"
FIX_ALL = "gradsafe.fixAll"
DEBUG = "gradsafe.printDebugInformation"
EXPLAIN = "gradsafe.explainError"
LOCATE = "gradsafe.locateTraced"
