"""What the rules for errors at the operation have in common: torch raises there, and the page says why."""

from __future__ import annotations

from typing import ClassVar

from gradsafe.rules.base import Rule
from gradsafe.rules.finding import Finding, Severity
from gradsafe.rules.story import Story
from gradsafe.rules.words import call_of, named, operation_of, primary_of
from gradsafe_tracer.events import Raise


class OperationRule(Rule):
    """Torch raises at the operation. ``message`` may name ``{how}``, ``{what}`` and ``{operation}``."""

    message: ClassVar[str]
    remedies: ClassVar[tuple[str, ...]]
    runtime_message: ClassVar[str]

    def explain(self, story: Story) -> Finding | None:
        event = story.event
        if not isinstance(event, Raise):
            return None
        how, what = operation_of(event), named(event.name)
        return Finding(
            self.code,
            Severity.ERROR,
            self.message.format(how=how, what=what, operation=event.operation),
            primary_of(event.place, event.how, event.declared),
            call_of(event),
            self.remedies,
            event.name,
            event.operation,
            event.place,
            None,
            self.runtime_message,
        )
