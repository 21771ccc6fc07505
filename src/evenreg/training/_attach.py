"""attach: a part on a layer of somebody's model, in plain PyTorch."""

from collections.abc import Callable
from typing import Any, overload

from torch import Tensor, nn

from evenreg.errors import InputError
from evenreg.features import FDS, AbstractRegularizer
from evenreg.training._fds_handle import FDSHandle
from evenreg.training._regularizer_handle import RegularizerHandle


@overload
def attach(
    part: FDS, model: nn.Module, layer: str, *, target: Callable[[Any], Any] | None = None
) -> FDSHandle: ...
@overload
def attach(
    part: Callable[..., Tensor],
    model: nn.Module,
    layer: str,
    *,
    target: Callable[[Any], Any] | None = None,
) -> RegularizerHandle: ...
def attach(
    part: Any, model: nn.Module, layer: str, *, target: Callable[[Any], Any] | None = None
) -> FDSHandle | RegularizerHandle:
    """Attach FDS or a regularizer to a layer of any model, whose forward stays as it is.

    Labels come through ``with handle.target(y):`` around the forward. FDS calibrates what the layer puts out,
    in training mode; a regularizer keeps it and gives its term in ``handle.loss()``:

        smooth = attach(FDS().fit(space), model, "encoder.pool")
        rank = attach(RankSim().fit(space), model, "encoder.pool")
        for epoch in range(epochs):
            for x, y in batches:
                with smooth.target(y), rank.target(y):
                    prediction = model(x)
                loss = cost(prediction, y) + rank.loss()
                optimizer.zero_grad(), loss.backward(), optimizer.step()
            smooth.end_epoch()

    The model's state dict, and an export, copy or pickle of it, hold nothing of the parts: their state is
    ``handle.state_dict()``. Take `torch.compile` and `DistributedDataParallel` of the model before or after;
    with several processes call ``handle.part.join_processes()`` of an FDS in all of them before a state dict is
    taken inside an epoch.

    Args:
        part: A fitted `FDS`, or a regularizer: anything called as ``part(features, target)`` for a scalar.
        model: The model, or any module that the layer is in.
        layer: Its name, as ``model.named_modules()`` gives it. Its output is ``(n, d)``, or ``(n, c, h, w)``.
        target: Where ``handle.target(batch)`` finds the labels in what it is given; None takes a tensor as
            labels, else the second element of a tuple or list, or "labels" or "target" of a mapping.

    Returns:
        The handle: `FDSHandle` (``target``, ``end_epoch``, ``extra_pass``) or `RegularizerHandle` (``target``,
        ``loss``), each with ``state_dict``, ``load_state_dict`` and ``remove``; a ``with`` statement removes it.

    Raises:
        InputError: Something that is neither, such as a class. In a forward: no labels in training mode, a layer
            that is not called, or called twice.
        UnknownNameError: No such layer; the nearest names are offered.
        ShapeError: In a forward: another output, or labels of another length.

    Example:
        >>> import torch
        >>> from evenreg.features import RankSim
        >>> from evenreg.labels import LabelSpace
        >>> _ = torch.manual_seed(0)
        >>> model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
        >>> x, y = torch.randn(6, 3), torch.arange(6.0)
        >>> with attach(RankSim().fit(LabelSpace.fit(y)), model, "1") as rank:
        ...     with rank.target(y):
        ...         prediction = model(x)
        ...     term = rank.loss()
        >>> term.shape, list(model.state_dict())
        (torch.Size([]), ['0.weight', '0.bias', '2.weight', '2.bias'])
    """
    if isinstance(model, FDS | AbstractRegularizer):
        raise InputError(
            f"part and model: expected the part first, got {type(part).__name__} and {type(model).__name__}, which "
            f"look swapped; write attach(part, model, {layer!r})."
        )
    check_part(part)
    handle = FDSHandle if isinstance(part, FDS) else RegularizerHandle
    return handle(part, model, layer, target)


def check_part(part: Any) -> None:
    """An `InputError` unless it is an FDS or may be a regularizer."""
    if isinstance(part, type) or not callable(part):
        got = f"the class {part.__name__}" if isinstance(part, type) else repr(part)
        raise InputError(
            f"part: expected an FDS or a regularizer, such as RankSim().fit(space), got {got}; make one of it."
        )
