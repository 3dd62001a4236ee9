"""A finding that is not certain says under which condition torch raises, not flatly that it does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gradsafe.rules.finding import Finding
from gradsafe.rules.story import Log, Story
from gradsafe_tracer.events import Raise

_CLAIMS = ("torch raises here", "so backward will raise", "it will raise", "backward raises")
"""The words with which rules say that torch raises; a condition follows them."""

_SHOWN = 2
"""Conditions that a message names; more of them nobody reads."""


def qualified(finding: Finding, story: Story, silent: Sequence[Log], in_doubt: bool = False) -> Finding:
    """The finding with its condition; ``silent`` are the paths that run the write, and torch says nothing; ``in_doubt``: perhaps
    no run can take those that raise.
    """
    event = story.event
    if not isinstance(event, Raise) or story.returned:
        return finding
    if not event.certain:
        condition = "if it was saved in this run, which the source does not tell"
        if event.reason != "version":
            condition = "if it requires grad, which the source does not tell"
    elif silent and (own := _own_conditions(story.log, silent)):
        condition = f"when {' and '.join(f'`{text}`' for text in own)}"
    elif in_doubt:
        condition = "if a run can come this way, which the source does not tell"
    elif story.log.blurred:
        condition = "unless a value that is not known here leads elsewhere"
    else:
        return finding
    return replace(finding, message=_inserted(finding.message, condition))


def _own_conditions(log: Log, silent: Iterable[Log]) -> list[str]:
    """What this path took for true, and not every silent one did; none where that is too much to say."""
    shared = [set(other.conditions) for other in silent]
    own = [text for text in dict.fromkeys(log.conditions) if not all(text in others for others in shared)]
    return own if len(own) <= _SHOWN else []


def _inserted(message: str, condition: str) -> str:
    if condition in message or " does not tell" in message:
        return message
    for claim in _CLAIMS:
        before, found, after = message.partition(claim)
        if found:
            words = claim.replace("will raise", "raises")
            return f"{before}{words} {condition}{after}"
    return f"{message} ({condition})"
