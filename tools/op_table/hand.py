"""What neither torch's declarations nor Python's introspection tells: signatures of C functions bound by hand."""

from __future__ import annotations

from gradsafe.ops.notation import Param, parse

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
Tensor.__getitem__(self: Tensor, index: any)
Tensor.__setitem__(self: Tensor, index: any, value: any)
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
