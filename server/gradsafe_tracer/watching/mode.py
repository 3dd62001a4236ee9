"""The function mode: every call of torch that the program makes passes here, most of them untouched.

A function mode, not a dispatch mode: an active dispatch mode stops ``_foreach_*_`` operations from moving
version counters, so that it would silence the very error it looks for; it also costs twice as much.
What a kernel does inside one call is seen by its effects: the versions before and after.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Set, Tuple

import torch
from torch.overrides import TorchFunctionMode

from ..errors.nodes import settle
from ..seen.places import is_user
from ..unseen.silent import after_data_set, before_data_set, took_data, took_detach, uses_swapped
from . import plans
from .plans import Plan
from .writes import Writing, harmless_write

if TYPE_CHECKING:
    from ..seen.recorder import Recorder
    from ..unseen.unchecked import Region

_sequence = torch.autograd._get_sequence_nr


class Watch(TorchFunctionMode):  # type: ignore[misc]  # torch is untyped here
    """The function mode of one thread."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.recorder = recorder
        self.busy = False
        self.away = False
        self.func: Any = None
        self.start = 0
        self.writing = False
        self.count = 0
        self.func_unused: Optional[Set[int]] = None
        self.pending: List[Any] = []
        self.region: Optional[Region] = None
        self.regions: List[Optional[Region]] = []
        self.plans: Dict[Any, Plan] = {}

    def plan_of(self, func: Any) -> Plan:
        """The plan for ``func``; a light trace leaves alone whatever never raises."""
        plan = plans.plan_of(func)
        return Plan.PLAIN if self.recorder.light and plan in plans.SILENT else plan

    def enter(self, region: Optional[Region]) -> None:
        """Hooks that are not ours are set: those of a checkpointed region, or others."""
        self.regions.append(region)
        self.region = region or self.region

    def leave(self) -> None:
        """The hooks that were set last are dropped."""
        if self.regions:
            self.regions.pop()
        self.region = next((one for one in reversed(self.regions) if one is not None), None)

    def __torch_function__(
        self, func: Any, types: Any, args: Tuple[Any, ...] = (), kwargs: Optional[Dict[str, Any]] = None
    ) -> Any:
        if self.busy:
            return func(*args, **kwargs) if kwargs else func(*args)
        try:
            plan = self.plans[func]
        except KeyError:
            plan = self.plans[func] = self.plan_of(func)
        except TypeError:
            plan = Plan.PLAIN
        if self.pending:
            self.pending.clear()  # saved outside any call of torch's own functions: a custom Function
        if plan is Plan.GETTER:
            return func(*args)
        self.func = func
        self.start = _sequence()
        self.writing = False
        self.count = 0
        try:
            if plan is Plan.MAYBE:
                plan = Plan.WRITER if plans.writes(func, args, kwargs) else Plan.PLAIN
            if plan is Plan.PLAIN:
                if kwargs and ("out" in kwargs or kwargs.get("inplace")):
                    return self.write(func, args, kwargs)
                if self.recorder.swaps or self.region is not None:
                    self.reads(args)
                result = func(*args, **kwargs) if kwargs else func(*args)
                if self.pending:
                    settle(self, func, result, args)
                if self.recorder.lineage.known:
                    self.recorder.lineage.follow(func, result, args)
                return result
            return self.special(plan, func, args, kwargs or {})
        except RuntimeError as error:
            if not self.busy:
                self.recorder.failed(self, func, args, kwargs, error)
            raise

    def reads(self, args: Tuple[Any, ...]) -> None:
        """An operation is about to read its operands."""
        if self.recorder.swaps:
            uses_swapped(self.recorder, args)
        if self.region is not None:
            self.region.reads(args)

    def special(self, plan: Plan, func: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
        """Everything that is not an ordinary, pure call."""
        recorder = self.recorder
        if plan is Plan.WRITER or plan is Plan.SILENT_WRITER or plan is Plan.NORM:
            return self.write(func, args, kwargs, plan)
        if plan is Plan.SCALAR:
            if "out" in kwargs:
                return self.write(func, args, kwargs)
            if recorder.swaps or self.region is not None:
                self.reads(args)
            result = func(*args, **kwargs)
            if self.pending:
                settle(self, func, result, args)
            elif len(args) > 1 and type(args[1]) in (int, float):
                recorder.scalar_save(func, result)
            if recorder.lineage.known:
                recorder.lineage.follow(func, result, args)
            return result
        if plan is Plan.DATA_SET:
            swap = before_data_set(self, args)
            result = func(*args, **kwargs)
            after_data_set(self, args, swap)
            return result
        caller = sys._getframe(1).f_back  # none where a thread of the engine calls a function of torch itself
        if plan is Plan.HOOK or (plan is Plan.NODE and is_user(caller)):
            recorder.user_hooks = True  # backward may run code of the program: it is followed there
        result = func(*args, **kwargs)
        if plan is Plan.HOOK:
            recorder.hooks.registered(args[0], caller)
        elif plan is Plan.DATA_GET:
            took_data(self, args[0], result)
        elif plan is Plan.DETACH:
            took_detach(self, args[0], result)
        elif plan is Plan.ESCAPE or (plan is Plan.MEMORY and is_user(caller)):
            recorder.escaped(self, args[0], func, caller)
        return result

    def write(
        self, func: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any], plan: Plan = Plan.WRITER
    ) -> Any:
        """Runs a call that may write its operands, and notes which counters it moved."""
        recorder = self.recorder
        if recorder.swaps:
            uses_swapped(recorder, args)
        if recorder.light and harmless_write(recorder, func, args, kwargs):
            return func(*args, **kwargs)
        self.writing = True
        writing = Writing(self, func, args, kwargs, plan)
        if plan is Plan.NORM:
            self.func_unused = writing.statistics_unused()
        try:
            result = func(*args, **kwargs)
        except BaseException:
            writing.finish(None)
            raise
        finally:
            self.func_unused = None
        writing.finish(result)
        if self.pending:
            settle(self, func, result, args)
        if self.recorder.lineage.known:
            self.recorder.lineage.follow(func, result, args)
        return result
