"""What neither declarations nor probes tell: signatures of hand-bound C functions, results that hang on the layout."""

from __future__ import annotations

from gradsafe.ops.notation import Param, Return, parse

_TEXT = """
Tensor.to(self: Tensor, *args: any, dtype: any = None, device: any = None, non_blocking: bool = False, copy: bool = False, memory_format: any = None)
Tensor.cpu(self: Tensor, memory_format: any = None)
Tensor.cuda(self: Tensor, device: any = None, non_blocking: bool = False, memory_format: any = None)
Tensor.contiguous(self: Tensor, memory_format: any = None)
Tensor.float(self: Tensor, memory_format: any = None)
Tensor.double(self: Tensor, memory_format: any = None)
Tensor.half(self: Tensor, memory_format: any = None)
Tensor.bfloat16(self: Tensor, memory_format: any = None)
Tensor.int(self: Tensor, memory_format: any = None)
Tensor.long(self: Tensor, memory_format: any = None)
Tensor.bool(self: Tensor, memory_format: any = None)
Tensor.short(self: Tensor, memory_format: any = None)
Tensor.char(self: Tensor, memory_format: any = None)
Tensor.byte(self: Tensor, memory_format: any = None)
Tensor.type(self: Tensor, dtype: any = None, non_blocking: bool = False)
Tensor.numpy(self: Tensor, *, force: bool = False)
Tensor.item(self: Tensor)
Tensor.tolist(self: Tensor)
Tensor.requires_grad_(self: Tensor, requires_grad: bool = True)
Tensor.copy_(self: Tensor, src: Tensor|Number, non_blocking: bool = False)
Tensor.detach(self: Tensor)
Tensor.detach_(self: Tensor)
Tensor.apply_(self: Tensor, callable: any)
Tensor.map_(self: Tensor, tensor: Tensor, callable: any)
Tensor.map2_(self: Tensor, x: Tensor, y: Tensor, callable: any)
Tensor.new_tensor(self: Tensor, data: any, *, dtype: any = None, device: any = None, requires_grad: bool = False)
Tensor.new(self: Tensor, *args: any)
Tensor.data_ptr(self: Tensor)
Tensor.size(self: Tensor, dim: int = None)
Tensor.stride(self: Tensor, dim: int = None)
Tensor.dim(self: Tensor)
Tensor.numel(self: Tensor)
Tensor.is_contiguous(self: Tensor, memory_format: any = None)
Tensor.element_size(self: Tensor)
Tensor.nelement(self: Tensor)
Tensor.ndimension(self: Tensor)
Tensor.get_device(self: Tensor)
Tensor.storage_offset(self: Tensor)
Tensor.untyped_storage(self: Tensor)
Tensor.has_names(self: Tensor)
Tensor.backward(self: Tensor, gradient: Tensor? = None, retain_graph: any = None, create_graph: bool = False, inputs: any = None)
Tensor.resize_as_(self: Tensor, the_template: Tensor, *, memory_format: any = None)
Tensor.set_(self: Tensor, source: any = None, storage_offset: any = 0, size: any = None, stride: any = None)
Tensor.resize_(self: Tensor, *sizes: any)
Tensor.cdouble(self: Tensor, memory_format: any = None)
Tensor.cfloat(self: Tensor, memory_format: any = None)
Tensor.type_as(self: Tensor, other: Tensor)
Tensor.is_complex(self: Tensor)
Tensor.is_conj(self: Tensor)
Tensor.is_floating_point(self: Tensor)
Tensor.is_inference(self: Tensor)
Tensor.is_neg(self: Tensor)
Tensor.is_signed(self: Tensor)
Tensor.nonzero(self: Tensor, *, as_tuple: bool = False)
Tensor.retain_grad(self: Tensor)
Tensor.fill_diagonal_(self: Tensor, fill_value: Number, wrap: bool = False)
torch.nonzero(input: Tensor, *, as_tuple: bool = False)
torch.is_nonzero(input: Tensor)
torch.is_complex(input: Tensor)
torch.is_conj(input: Tensor)
torch.is_floating_point(input: Tensor)
torch.is_inference(input: Tensor)
torch.result_type(tensor1: any, tensor2: any)
torch.sparse_coo_tensor(indices: any, values: any, size: any = None, *, dtype: any = None, device: any = None, requires_grad: bool = False, check_invariants: any = None, is_coalesced: any = None)
torch.range(start: Number, end: Number = None, step: Number = 1, *, dtype: any = None, device: any = None, requires_grad: bool = False)
torch.special.polygamma(n: int, input: Tensor)
F.native_channel_shuffle(input: Tensor, groups: int)
F.logsigmoid(input: Tensor)
Tensor.as_subclass(self: Tensor, cls: any)
torch.tensor(data: any, *, dtype: any = None, device: any = None, requires_grad: bool = False, pin_memory: bool = False)
torch.as_tensor(data: any, dtype: any = None, device: any = None)
torch.asarray(obj: any, *, dtype: any = None, device: any = None, copy: any = None, requires_grad: bool = False)
torch.from_numpy(ndarray: any)
torch.frombuffer(buffer: any, *, dtype: any, count: int = -1, offset: int = 0, requires_grad: bool = False)
torch.numel(input: Tensor)
"""

SIGNATURES: dict[str, tuple[Param, ...]] = {
    line.partition("(")[0]: parse(f"{line} -> fresh").params for line in _TEXT.strip().splitlines()
}
"""Parameters of functions bound by hand in C++ (python_variable_methods.cpp and friends)."""

_MAY_BE_SELF = """to contiguous float double half bfloat16 int long bool short char byte cpu cdouble cfloat type_as sum_to_size
to_dense"""


def _views_of(source: str) -> Return:
    return Return("list", items=(Return("view", source),))


RETURNS: dict[str, Return] = {
    **{f"Tensor.{name}": Return("same", "self", True) for name in _MAY_BE_SELF.split()},
    **{f"{owner}.reshape": Return("view", "self", True) for owner in ("torch", "Tensor")},
    **{
        f"{owner}.{name}": Return("alias", "self", True)
        for owner in ("torch", "Tensor")
        for name in ("flatten", "ravel")
    },
    **{f"{owner}.detach": Return("view", "self", grad="nograd") for owner in ("torch", "Tensor")},
    "Tensor.reshape_as": Return("view", "self", True),
    "Tensor.requires_grad_": Return("same", "self"),
    "Tensor.detach_": Return("same", "self", grad="nograd"),
    "Tensor.numpy": Return("value"),
    "Tensor.tolist": Return("value"),
    "Tensor.type": Return("same", "self", True),
    "Tensor.item": Return("value"),
    "torch.as_tensor": Return("same", "data", True),
    "torch.asarray": Return("alias", "obj", True),
    "torch.from_numpy": Return("fresh"),
    "nn.Flatten": Return("alias", "input", True),
    "torch.meshgrid": _views_of("tensors"),
    "torch.broadcast_tensors": Return("list", items=(Return("alias", "tensors"),)),
    **{
        f"{owner}.{name}": _views_of("self")
        for owner in ("torch", "Tensor")
        for name in ("tensor_split", "hsplit", "vsplit", "dsplit")
    },
    **{
        f"{owner}.unsafe_{name}": _views_of("self")
        for owner in ("torch", "Tensor")
        for name in ("split", "chunk", "split_with_sizes")
    },
}
"""Results that hang on strides, dtypes or devices, which no key of the table can hold: what is true of all calls."""

OVERLAP = frozenset(
    f"{owner}.{name}"
    for owner in ("torch", "Tensor")
    for name in [
        "expand",
        "expand_as",
        "broadcast_to",
        "broadcast_tensors",
        "as_strided",
        "unfold",
        "meshgrid",
        "as_strided_",
    ]
)
"""Views in which several elements may share memory."""

OWN_COUNTER = frozenset(
    f"{owner}.unsafe_{name}"
    for owner in ("torch", "Tensor")
    for name in ("split", "chunk", "split_with_sizes")
)
"""Results that share memory, but no version counter: torch does not see a write through them."""

METADATA = frozenset(
    f"Tensor.{name}_"
    for name in [
        "squeeze",
        "unsqueeze",
        "t",
        "transpose",
        "swapaxes",
        "swapdims",
        "as_strided",
        "resize",
        "resize_as",
        "set",
    ]
)
"""In-place operations that change sizes or strides."""

ESCAPES = frozenset(
    [
        "Tensor.numpy",
        "Tensor.data_ptr",
        "Tensor.untyped_storage",
        "Tensor.storage",
        "torch.from_numpy",
        "torch.from_dlpack",
        "torch.frombuffer",
        "Tensor.__array__",
        "Tensor.__dlpack__",
        "torch.to_dlpack",
        "torch.asarray",
        "torch.as_tensor",
    ]
)
"""Memory that another library can write, or could write before."""

LINES = """
Tensor.__getitem__(self: Tensor, index: int|slice) -> view self
Tensor.__getitem__(self: Tensor, index: Tensor) -> view self; when index.ndim == 0, index.dtype != 'bool'
Tensor.__getitem__(self: Tensor, index: Tensor|Tensors) -> fresh; saves index
Tensor.__getitem__(self: Tensor, index: bool|ints) -> fresh
Tensor.__setitem__(self: Tensor, index: int|slice, value: any) -> none; writes self unchecked
Tensor.__setitem__(self: Tensor, index: Tensor, value: any) -> none; when index.ndim == 0; writes self unchecked
Tensor.__setitem__(self: Tensor, index: Tensor|Tensors, value: any) -> none; saves index; writes self unchecked
Tensor.__setitem__(self: Tensor, index: bool|ints, value: any) -> none; writes self unchecked
torch.einsum(equation: str, operand: Tensor) -> view? operand
torch.einsum(equation: str, operands: Tensors) -> fresh; saves operands?
torch.einsum(equation: str, left: Tensor, right: Tensor) -> fresh; saves left for right, right for left
torch.einsum(equation: str, left: Tensor, right: Tensor, *operands: Tensor) -> fresh; saves left? for right|operands, right? for left|operands, operands? for left|right|operands
F.linear_cross_entropy(input: Tensor, linear_weight: Tensor, target: Tensor, *, linear_bias: any = None, weight: any = None, reduction: str = 'mean', ignore_index: any = None, label_smoothing: any = 0.0, options: any = None) -> fresh; saves input?, linear_weight?, linear_bias?, target?, weight?
Tensor.view(self: Tensor, size: ints|dtype) -> view self
Tensor.to(self: Tensor, *args: any, dtype: any = None, device: any = None, non_blocking: bool = False, copy: bool = False, memory_format: any = None) -> fresh; when copy == True
Tensor.to(self: Tensor, *args: any, dtype: any = None, device: any = None, non_blocking: bool = False, copy: bool = False, memory_format: any = None) -> same? self; when copy != True
Tensor.T,Tensor.mT,Tensor.H,Tensor.mH(self: Tensor) -> view self
Tensor.real(self: Tensor) -> alias self
Tensor.imag(self: Tensor) -> view self
Tensor.data(self: Tensor) -> view self nograd; own-counter
Tensor.cuda(self: Tensor, device: any = None, non_blocking: bool = False, memory_format: any = None) -> same? self
Tensor.xpu(self: Tensor, device: any = None, non_blocking: bool = False, memory_format: any = None) -> same? self
Tensor.pin_memory(self: Tensor, device: any = None) -> same? self
Tensor.__array__(self: Tensor, dtype: any = None) -> value; escapes
Tensor.__dlpack__(self: Tensor, *args: any) -> value; escapes
Tensor.__len__(self: Tensor) -> value
Tensor.__iter__(self: Tensor) -> multiview self
Tensor.map_(self: Tensor, tensor: Tensor, callable: any) -> same self; writes self silent
Tensor.map2_(self: Tensor, x: Tensor, y: Tensor, callable: any) -> same self; writes self silent
Tensor.apply_(self: Tensor, callable: any) -> same self; writes self silent
Tensor.backward(self: Tensor, gradient: Tensor? = None, retain_graph: any = None, create_graph: bool = False, inputs: any = None) -> none
torch.from_dlpack(ext_tensor: any) -> view? ext_tensor; escapes
torch.to_dlpack(tensor: Tensor) -> value; escapes
nn.Parameter,nn.Buffer(data: Tensor? = None, requires_grad: bool = True) -> view data nograd
"""
"""Whole lines: subscripts (in one, ``slice`` is any tuple of ints, slices, None and ``...``, too; ``Tensors`` any tuple
with a tensor or list in it), attributes, and what a probe cannot run. :mod:`tools.op_table.verify` tries them."""
