"""The overloads that torch declares (native_functions.yaml): their signatures, in the table's notation."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torchgen
from torchgen.api.autograd import NativeFunctionWithDifferentiabilityInfo, match_differentiability_info
from torchgen.gen import parse_native_yaml
from torchgen.model import Argument, NativeFunction, Return, SchemaKind, Variant
from torchgen.packaged.autograd.gen_python_functions import should_generate_py_binding
from torchgen.packaged.autograd.load_derivatives import load_derivatives

from gradsafe.ops.notation import OPAQUE, REQUIRED, Param
from gradsafe.ops.notation import Return as OpReturn

MODULES = {
    "nn": "F",
    "linalg": "torch.linalg",
    "fft": "torch.fft",
    "special": "torch.special",
}
"""Where python finds the functions of a ``python_module``."""

NUMBERS_AS_TENSORS = frozenset(
    ["add", "div", "divide", "mul", "multiply", "sub", "subtract", "true_divide", "floor_divide", "copy_"]
)
"""Functions whose tensor arguments may be numbers (should_allow_numbers_as_tensors in python_arg_parser.cpp)."""

_KINDS = {
    "Tensor": "Tensor",
    "Tensor[]": "Tensors",
    "Tensor?[]": "Tensors",
    "Scalar": "Number",
    "int": "int",
    "SymInt": "int",
    "float": "float",
    "bool": "bool",
    "str": "str",
    "ScalarType": "dtype",
    "Device": "device",
}


@dataclass(frozen=True)
class Declared:
    """One overload: the names under which python finds it, and what its schema promises."""

    function: NativeFunctionWithDifferentiabilityInfo
    names: tuple[str, ...]
    params: tuple[Param, ...]

    @property
    def schema(self) -> str:
        return str(self.function.func.func.name)


@functools.cache
def load() -> tuple[NativeFunctionWithDifferentiabilityInfo, ...]:
    """Every native function, with its derivative formulas where it has some."""
    packaged = Path(torchgen.__file__).parent / "packaged"
    native, tags = packaged / "ATen/native/native_functions.yaml", packaged / "ATen/native/tags.yaml"
    functions = parse_native_yaml(str(native), str(tags)).native_functions
    infos, _ = load_derivatives(str(packaged / "autograd/derivatives.yaml"), str(native), str(tags))
    return tuple(match_differentiability_info(functions, infos))


def overloads() -> Iterator[Declared]:
    """Every overload that python can call directly, ``out=`` variants left out."""
    for function in load():
        native = function.func
        if native.func.kind() is SchemaKind.out or not should_generate_py_binding(native):
            continue
        if any("Dimname" in str(argument.type) for argument in native.func.arguments.flat_all):
            continue
        names = tuple(name for name in _names(native) if is_builtin(name))
        params = tuple(_params(native))
        methods = tuple(name for name in names if name.startswith("Tensor."))
        if methods and params[0].name != "self":
            # `torch.where(condition, self, other)` is `self.where(condition, other)`.
            own = next(param for param in params if param.name == "self")
            yield Declared(function, methods, (own, *(param for param in params if param is not own)))
            names = tuple(name for name in names if name not in methods)
        if names:
            yield Declared(function, names, params)


def resolve(name: str) -> object | None:
    """The python object of a name of the table; None where torch has none."""
    head, _, rest = name.partition(".")
    owner: object = {
        "torch": torch,
        "Tensor": torch.Tensor,
        "F": torch.nn.functional,
        "nn": torch.nn,
        "optim": torch.optim,
        "init": torch.nn.init,
    }[head]
    for part in rest.split("."):
        owner = getattr(owner, part, None)
        if owner is None:
            return None
    return owner


def is_builtin(name: str) -> bool:
    """Does the name lead straight to the C++ function, not to a Python one of that name?"""
    found = resolve(name)
    return type(found).__name__ in ("builtin_function_or_method", "method_descriptor", "wrapper_descriptor")


def _names(native: NativeFunction) -> Iterator[str]:
    base = str(native.func.name.name)
    if native.python_module is not None:
        prefix = MODULES.get(native.python_module)
        if prefix:
            yield f"{prefix}.{base.removeprefix(native.python_module + '_')}"
        return
    if Variant.function in native.variants:
        yield f"torch.{base}"
        if getattr(torch.nn.functional, base, None) is getattr(torch, base, object()):
            yield f"F.{base}"
    if Variant.method in native.variants:
        yield f"Tensor.{base}"


def _params(native: NativeFunction) -> Iterator[Param]:
    arguments = native.func.arguments
    numbers = native.func.name.name.base in NUMBERS_AS_TENSORS
    for argument in arguments.flat_positional:
        yield _param(argument, keyword_only=False, numbers=numbers and argument.name in ("other", "src"))
    for argument in arguments.flat_kwarg_only:
        yield _param(argument, keyword_only=True)
    if arguments.tensor_options is not None:
        yield Param("requires_grad", ("bool",), False, True)


def _param(argument: Argument, keyword_only: bool, numbers: bool = False) -> Param:
    text = str(argument.type)
    optional = text.endswith("?")
    text = text.removesuffix("?")
    kind = _KINDS.get(text, "ints" if text.startswith(("int[", "SymInt[")) else "any")
    kind += "?" if optional and kind != "any" else ""
    kinds = (kind, "Number") if numbers else (kind,)
    return Param(argument.name, kinds, _default(argument.default), keyword_only)


def _default(text: str | None) -> object:
    if text is None:
        return REQUIRED
    if text == "[]":
        return ()
    if text == "Mean":
        return "mean"
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return OPAQUE
    return tuple(value) if isinstance(value, list) else value


def declared_return(declared: Declared) -> OpReturn:
    """What the schema's annotations say of the result."""
    native = declared.function.func
    returns = native.func.returns
    if not returns:
        return OpReturn("none")
    info = (declared.function.info or {}).get("Default")
    differentiable = (info.output_differentiability if info else None) or [True] * len(returns)
    items = [
        _one_return(native, item, differentiable[index] if index < len(differentiable) else True)
        for index, item in enumerate(returns)
    ]
    return items[0] if len(items) == 1 else OpReturn("tuple", items=tuple(items))


def _one_return(native: NativeFunction, item: Return, differentiable: bool) -> OpReturn:
    grad = "" if differentiable else "nograd"
    text = str(item.type)
    if text not in ("Tensor", "Tensor[]"):
        return OpReturn("value")
    source = next((a.name for a in native.func.arguments.flat_all if _shares(a, item)), "")
    if not source:
        fresh = OpReturn("fresh", grad=grad)
        return OpReturn("list", items=(fresh,)) if text == "Tensor[]" else fresh
    if item.annotation is not None and item.annotation.is_write:
        return OpReturn("same", source, grad=grad)
    return OpReturn("multiview" if text == "Tensor[]" else "view", source, grad=grad)


def _shares(argument: Argument, item: Return) -> bool:
    if argument.annotation is None or item.annotation is None:
        return False
    return bool(set(argument.annotation.alias_set) & set(item.annotation.alias_set))
