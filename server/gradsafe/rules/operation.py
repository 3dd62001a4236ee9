"""What the rules for errors at the operation have in common: torch raises there, and the page says why."""

from __future__ import annotations

from typing import ClassVar

from gradsafe.rules.base import Rule
from gradsafe.rules.finding import Finding, Related, Role, Severity
from gradsafe.rules.story import Story
from gradsafe.rules.words import call_of, modified, named, operation_of, primary_of
from gradsafe_tracer.events import Raise


class OperationRule(Rule):
    """Torch raises at the operation. ``message`` may name ``{how}``, ``{what}`` and ``{operation}``."""

    message: ClassVar[str]
    unsure: ClassVar[str] = ""
    """The message where the source does not tell whether the tensor requires grad, if ``message`` says that it does."""
    view_is: ClassVar[str] = "a view that must not be written"
    """For a view that is used after its base was written: what kind of view it is."""
    remedies: ClassVar[tuple[str, ...]]
    runtime_message: ClassVar[str]

    def explain(self, story: Story) -> Finding | None:
        event = story.event
        if not isinstance(event, Raise):
            return None
        if event.how == "base-modified":
            return self._base_modified(story, event)
        how, what = operation_of(event), named(event.name)
        message = self.message if event.certain else self.unsure or self.message
        return Finding(
            self.code,
            Severity.ERROR,
            message.format(how=how, what=what, operation=event.operation),
            primary_of(event.place, event.how, event.declared),
            call_of(event),
            self.remedies,
            event.name,
            event.operation,
            event.place,
            None,
            self.runtime_message,
        )

    def _base_modified(self, story: Story, event: Raise) -> Finding:
        """The view itself was not written, its base was: torch raises where the view is used next."""
        what = named(event.name, "a view")
        where = "here" if event.backward is None else "in this backward"
        writes, made = story.base_writes(), story.view_made()
        related = tuple(modified(write) for write in writes[:2])
        # Used before the write, the view is to keep what it was; used after it, it is to be what the base has become.
        remedies = ("view-again",) if event.backward is None else ("view-of-copy", "out-of-place")
        write = writes[0].place if writes and event.backward is not None else event.place
        if made is not None:
            related = (*related, Related(Role.ALIAS, made.place, f"{what} was made a view here"))
        return Finding(
            self.code, Severity.ERROR,
            f"{what} is {self.view_is}, and its base was modified in place since it was made: torch raises {where}, "
            "where the view is used; take the view again after the write, or write out of place",
            event.place, related, remedies, event.name, event.operation, write, None,
            self.runtime_message.replace("is being modified", "its base or another view of its base has been modified"),
        )  # fmt: skip
