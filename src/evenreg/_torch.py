"""What torch siblings share: bins on the device, rows and sums of all processes, a float32 island."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self, final

import numpy as np
import torch
from jaxtyping import Int, Shaped
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from evenreg import _check
from evenreg.labels import Bins


@final
class BinIndex(nn.Module):
    """The bin of each label, on the device of the labels: `Bins.index` without its trip to the host.

    It gives the bins that `Bins.index` gives: out-of-range labels are clamped into the edge bins, and a label
    that is the float32 rounding of an edge counts as on that edge. float32 and shorter labels are compared
    with float32 thresholds chosen to that end, float64 and whole-number labels with the float64 edges. NaN
    and infinity, which `Bins.index` refuses, get ``len(bins)``: a place of their own for labels there are
    none of. The edges are in the state dict, and a module without bins takes them from there.

    Args:
        bins: The bins; None for those of a state dict to come.

    Shapes: labels ``(...)`` to int64 ``(...)``.

    Example:
        >>> index = BinIndex(Bins.uniform(0, 5, 0.1))
        >>> index(torch.tensor([0.0, 0.3, 4.95, 5.0, 7.0, torch.nan])).tolist()
        [0, 3, 49, 49, 49, 50]
    """

    def __init__(self, bins: Bins | None = None) -> None:
        super().__init__()
        self.edges: Tensor
        self._next: Tensor
        self._image: Tensor
        self._next32: Tensor
        self.register_buffer("edges", torch.zeros(0, dtype=torch.float64))
        for name in ("_next", "_image", "_next32"):
            self.register_buffer(name, None, persistent=False)
        self._learn(bins)

    def _learn(self, bins: Bins | None) -> None:
        """Keep the edges, and what labels are compared with."""
        self.n_bins = 0 if bins is None else len(bins)
        if bins is None:
            return
        inner = bins.edges[1:-1]
        with np.errstate(over="ignore", under="ignore"):
            rounded = inner.astype(np.float32)
        counts_as_edge = bins.index(np.clip(rounded, *bins.edges[[0, -1]])) > np.arange(len(inner))
        image = np.where(counts_as_edge & (rounded < inner), rounded, np.nan)
        # The smallest float32 that reaches the next bin.
        above = np.where(counts_as_edge, rounded, np.nextafter(rounded, np.float32(np.inf)))
        device = self.edges.device
        self.edges = _buffer(bins.edges, device)
        self._next = _buffer(inner, device)
        self._image = _buffer(np.append(image, np.nan), device)
        self._next32 = torch.from_numpy(above.astype(np.float32)).to(device)

    def forward(self, target: Shaped[Tensor, "*shape"]) -> Int[Tensor, "*shape"]:
        """The bin of each label."""
        if target.is_floating_point() and target.dtype != torch.float64:
            index = torch.searchsorted(self._next32, target.float().contiguous(), right=True)
        else:
            labels = target.to(self._next.dtype).contiguous()
            index = torch.searchsorted(self._next, labels, right=True)
            index = index + (labels == self._image[index])
        return torch.where(target.isfinite(), index, self.n_bins)

    def _load_from_state_dict(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, state_dict: dict[str, Any], prefix: str, *rest: Any
    ) -> None:
        edges = state_dict.get(prefix + "edges")
        if edges is not None and len(edges):
            self._learn(Bins(edges.cpu().numpy()))
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        return super()._apply(lambda tensor: keep_precision(fn, tensor), recurse)


def _buffer(values: np.ndarray, device: torch.device) -> Tensor:
    return keep_precision(lambda tensor: tensor.to(device), torch.tensor(values))


def keep_precision(move: Callable[[Tensor], Tensor], tensor: Tensor) -> Tensor:
    """``move`` (what ``.to``, ``.half``, ``.cuda`` do to a tensor), but the tensor keeps its precision.

    For edges and statistics, which are other numbers when rounded; float32 on a device without float64.
    """
    try:
        moved = move(tensor)
    except TypeError:  # a device without float64, such as MPS
        return move(tensor.float())
    return moved if moved.dtype == tensor.dtype else tensor.to(moved.device)


def process_count() -> int:
    """How many processes train together; 1 without torch.distributed."""
    distributed = torch.distributed
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def process_rank() -> int:
    """Which of the processes this one is, from 0."""
    return torch.distributed.get_rank() if process_count() > 1 else 0


def gather_rows(rows: Shaped[Tensor, "own *shape"]) -> Shaped[Tensor, "all *shape"]:
    """The rows of all processes, joined in the order of their ranks; the rows themselves in a lone process.

    Ranks, negatives and pairs live in the joined batch. Every process then computes the same loss of it; the
    backward sums the gradients of all processes and gives each its own rows' part, so that parameter
    gradients averaged over processes, as DistributedDataParallel does, are those of one process with the
    joined batch. All processes must call it, and run its backward, together; numbers of rows may differ, to
    none at all. Telling them to each other waits for the device.

    Args:
        rows: ``(own, ...)`` this process's rows, of the same shape and dtype otherwise everywhere.

    Example:
        >>> gather_rows(torch.tensor([[1.0], [2.0]])).tolist()  # no torch.distributed here
        [[1.0], [2.0]]
    """
    if process_count() == 1:
        return rows
    joined: Any = _GatherRows.apply(rows, _row_counts(len(rows)))
    return joined


def own_rows(n: int) -> slice:
    """Where this process's ``n`` rows stand in what `gather_rows` gives; all processes must call it together.

    Example:
        >>> own_rows(3)
        slice(0, 3, None)
    """
    return slice(0, n) if process_count() == 1 else _slice(_row_counts(n))


def sum_over_processes(tensor: Shaped[Tensor, "*shape"]) -> Shaped[Tensor, "*shape"]:
    """The sum of the tensors of all processes, without gradient; the tensor itself in a lone process."""
    if process_count() == 1:
        return tensor.detach()
    total = tensor.detach().clone(memory_format=torch.contiguous_format)
    torch.distributed.all_reduce(total)
    return total


class _GatherRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, counts: list[int]) -> Tensor:
        ctx.own = _slice(counts)
        padded = rows.new_zeros((max(counts), *rows.shape[1:]))
        padded[: len(rows)] = rows
        parts = [torch.empty_like(padded) for _ in counts]
        torch.distributed.all_gather(parts, padded)
        return torch.cat([part[:count] for part, count in zip(parts, counts, strict=True)])

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *gradients: Tensor
    ) -> tuple[Tensor, None]:
        return sum_over_processes(gradients[0])[ctx.own], None


def _row_counts(n: int) -> list[int]:
    """How many rows each process has."""
    on_gpu = torch.distributed.get_backend() == "nccl"
    own = torch.tensor([n], device="cuda" if on_gpu else "cpu")
    counts = [torch.empty_like(own) for _ in range(process_count())]
    torch.distributed.all_gather(counts, own)
    return torch.cat(counts).tolist()


def _slice(counts: list[int]) -> slice:
    rank = process_rank()
    start = sum(counts[:rank])
    return slice(start, start + counts[rank])


@contextmanager
def float32_island() -> Iterator[None]:
    """Inside, autocast is off on every device and matrix products of float32 are float32 products.

    For numbers that the next step compares: similarities that tie, log-sums, statistics. Also a decorator. It
    changes no tensor: half-precision inputs must be cast, ``x.float()``. Under ``torch.compile`` autocast is
    off too, but the precision of matrix products (TF32, bfloat16 passes), a setting of the whole process, is
    left as it is.

    Example:
        >>> x = torch.ones(2, 2)
        >>> with torch.autocast("cpu", dtype=torch.bfloat16):
        ...     with float32_island():
        ...         inside = x @ x
        ...     outside = x @ x
        >>> inside.dtype, outside.dtype
        (torch.float32, torch.bfloat16)
    """
    with (
        torch.autocast("cpu", enabled=False),
        torch.autocast("cuda", enabled=False),
        torch.autocast("mps", enabled=False),
        torch.autocast("xpu", enabled=False),
    ):
        if torch.compiler.is_compiling():
            yield
            return
        settings = _matmul_settings()
        before = [getattr(backend, name) for backend, name, _ in settings]
        for backend, name, exact in settings:
            setattr(backend, name, exact)
        try:
            yield
        finally:
            for (backend, name, _), value in zip(settings, before, strict=True):
                setattr(backend, name, value)


def _matmul_settings() -> list[tuple[Any, str, Any]]:
    """Where matrix products are made less exact, and what keeps them exact: (object, attribute, value)."""
    gpu, cpu = torch.backends.cuda.matmul, getattr(torch.backends.mkldnn, "matmul", None)
    if hasattr(gpu, "fp32_precision"):
        return [(gpu, "fp32_precision", "ieee"), (cpu, "fp32_precision", "ieee")]
    return [(gpu, "allow_tf32", False)]  # before torch 2.9


def layer_of(model: nn.Module, name: str) -> nn.Module:
    """The layer of that name.

    Raises:
        UnknownNameError: No such layer; the nearest names are offered.
    """
    layers = dict(model.named_modules(remove_duplicate=False))
    layers.pop("")
    return layers[_check.known(name, layers, "layer")]
