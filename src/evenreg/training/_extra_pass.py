"""What an extra pass over the training data needs: no trace of it in random states, and no more than the layer."""

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import torch

from evenreg.training._fds_handle import FDSHandle


class _Reached(BaseException):  # no Exception, which a training_step may catch
    """The layer has put out its features."""


def observe(handle: FDSHandle, batch: Any, forward: Callable[[], Any]) -> None:
    """Run ``forward`` up to the layer of ``handle``, which observes its features; what comes after is left out.

    So neither the loss nor metrics that a training step updates know of it.
    """

    def stop(*arguments: object) -> None:
        raise _Reached

    registered = handle.layer.register_forward_hook(stop)
    try:
        with handle.target(batch), suppress(_Reached):
            forward()
    finally:
        registered.remove()


@contextmanager
def unchanged_random_state(loaders: Iterable[Any] = ()) -> Iterator[None]:
    """Random states on exit are those on entry: torch's on CPU and GPUs, NumPy's, Python's, the loaders' own."""
    loaders = list(loaders)
    sources = loaders + [getattr(loader, "sampler", None) for loader in loaders]
    generators = [g for s in sources if isinstance(g := getattr(s, "generator", None), torch.Generator)]
    states = [generator.get_state() for generator in generators]
    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002 - what augmentations draw from
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)  # noqa: NPY002
        for generator, state in zip(generators, states, strict=True):
            generator.set_state(state)
