"""TrainerParts: the parts of a transformers Trainer on its model; needs no transformers itself."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor, nn

from evenreg._files import written_whole
from evenreg.errors import CheckpointError
from evenreg.features import FDS
from evenreg.training._attach import attach
from evenreg.training._batch_labels import batch_labels
from evenreg.training._extra_pass import observe, unchanged_random_state
from evenreg.training._fds_handle import FDSHandle
from evenreg.training._handle import load_part_state, part_state
from evenreg.training._regularizer_handle import RegularizerHandle, needs_prediction, part_name

STATE = "evenreg.pt"  # in each checkpoint folder


@final
class TrainerParts:
    """The parts of a Trainer, on its model while it trains.

    Args:
        parts: Each with the name of its layer.
        target: A function from the batch to its labels, or None.

    Attributes:
        handles: Of a training that runs.
        epochs: How many have ended.
    """

    def __init__(self, parts: Sequence[tuple[Any, str]], target: Callable[[Any], Any] | None) -> None:
        self.parts, self.find, self.epochs = list(parts), target, 0
        self.handles: list[FDSHandle | RegularizerHandle] = []
        self.terms: dict[str, tuple[Tensor | float, int]] = {}

    def start(self, model: nn.Module) -> None:
        """Attach all, for a training."""
        self.remove()
        for part, layer in self.parts:
            self.handles.append(attach(part, model, layer))

    def remove(self) -> None:
        """Take all off."""
        for handle in self.handles:
            handle.remove()
        self.handles, self.terms = [], {}

    def target(self, labels: Tensor) -> ExitStack:
        """Labels for the forward inside."""
        with ExitStack() as stack:
            for handle in self.handles:
                stack.enter_context(handle.target(labels))
            return stack.pop_all()

    def loss(self, outputs: Any, labels: Tensor) -> Tensor:
        """The sum of the terms of the last forward."""
        total = torch.zeros((), device=labels.device)
        for handle in self.handles:
            if isinstance(handle, RegularizerHandle):
                predicted = _logits(outputs).reshape(labels.shape) if needs_prediction(handle.part) else None
                term = handle.loss(predicted)
                total = total + term
                name = f"{part_name(handle.part)}_loss"
                told, times = self.terms.get(name, (0.0, 0))
                self.terms[name] = (told + term.detach(), times + 1)
        return total

    def logged(self) -> dict[str, float]:
        """The mean of each term since the last time."""
        terms, self.terms = self.terms, {}
        return {name: float(told / times) for name, (told, times) in terms.items()}

    def end_epoch(self, trainer: Any) -> None:
        """End the epoch of every FDS, after its extra pass where it wants one."""
        for handle in self.handles:
            if isinstance(handle, FDSHandle):
                if handle.wants_extra_pass:
                    _extra_pass(trainer, handle, self.find)
                handle.end_epoch()
        self.epochs += 1

    def save(self, folder: Path, *, write: bool) -> None:
        """All processes call it together, and one writes."""
        for part, _ in self.parts:
            if isinstance(part, FDS):
                part.join_processes()
        if write:
            state = {"epochs": self.epochs, "parts": [part_state(part) for part, _ in self.parts]}
            with written_whole(folder / STATE) as file:
                torch.save(state, file)

    def load(self, folder: str | None) -> None:
        """What a checkpoint has of the parts; a run without one begins with the parts as they are."""
        self.epochs = 0
        if folder is None or not (path := Path(folder) / STATE).exists():
            return
        state = torch.load(path, map_location="cpu", weights_only=True)
        if len(state["parts"]) != len(self.parts):
            raise CheckpointError(
                f"{path}: expected the states of {len(self.parts)} parts, got {len(state['parts'])}; go on with "
                "the parts that the training began with."
            )
        self.epochs = state["epochs"]
        for (part, _), own in zip(self.parts, state["parts"], strict=True):
            load_part_state(part, own)


def _logits(outputs: Any) -> Tensor:
    return outputs["logits"] if isinstance(outputs, Mapping) else outputs[1]


def _extra_pass(trainer: Any, handle: FDSHandle, find: Callable[[Any], Any] | None) -> None:
    """Observe the training batches once more, each made ready as the Trainer's loop does it."""
    loader = trainer.get_train_dataloader()
    with unchanged_random_state([loader]), handle.extra_pass():
        for inputs in loader:
            inputs = trainer._prepare_inputs(inputs)
            with trainer.compute_loss_context_manager():
                forward = partial(trainer.compute_loss, trainer.model, inputs)
                observe(handle, batch_labels(inputs, find), forward)
