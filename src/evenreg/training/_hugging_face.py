"""hugging_face_trainer: FDS and regularizers in the Trainer of transformers."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor, nn

from evenreg._files import written_whole
from evenreg.errors import CheckpointError, InputError, MissingDependencyError
from evenreg.features import FDS
from evenreg.training._attach import attach, check_part
from evenreg.training._batch_labels import batch_labels
from evenreg.training._extra_pass import observe, unchanged_random_state
from evenreg.training._fds_handle import FDSHandle
from evenreg.training._handle import load_part_state, part_state
from evenreg.training._regularizer_handle import RegularizerHandle, needs_prediction, part_name

STATE = "evenreg.pt"  # in each checkpoint folder


def hugging_face_trainer(
    parts: Sequence[tuple[Any, str]],
    *,
    target: Callable[[Any], Any] | None = None,
    base: type[Any] | None = None,
) -> type[Any]:
    """A subclass of ``transformers.Trainer`` in whose training the parts act; everything else is the Trainer's.

    ``compute_loss_func`` sees labels when the features are made already, too late for FDS; this subclass has
    them before the forward. While ``train`` runs, FDS calibrates the outputs of its layer, and the terms of
    regularizers are added to the loss and logged, as ``RankSim_loss``. Evaluation, predictions and the saved
    model know nothing of the parts; their state is ``evenreg.pt`` in each checkpoint folder, and training that
    goes on from one ends as if it had not been cut. With several processes take DistributedDataParallel
    (``torchrun``), not DataParallel.

        smooth, rank = FDS().fit(space), RankSim().fit(space)
        Trainer = hugging_face_trainer([(smooth, "bert.pooler"), (rank, "bert.pooler")])
        Trainer(model, args, train_dataset=train).train()

    Args:
        parts: Each a fitted `FDS` or a regularizer, with the name of its layer, as ``model.named_modules()``
            gives it. The layer's output is ``(n, d)``, or ``(n, c, h, w)``. Parts such as `ConR` are given the
            model's "logits" in the target's shape. A class keeps its parts: make one for each training.
        target: A function from the batch to its labels; None takes "labels" or "target".
        base: The Trainer to make a subclass of, such as one's own; None is ``transformers.Trainer``.

    Raises:
        MissingDependencyError: transformers or accelerate is not installed.
        InputError: Something that is neither an FDS nor a regularizer; a ``base`` that is no Trainer. In
            training: a layer that is not called, or called twice.
        UnknownNameError: When training starts: no such layer; the nearest names are offered.
        CheckpointError: Going on from a checkpoint of other parts.
    """
    for part, _ in parts:
        check_part(part)
    try:
        import accelerate  # noqa: F401
        import transformers
    except ImportError:
        raise MissingDependencyError(
            "hugging_face_trainer expects transformers and accelerate, which are not installed; run "
            "pip install 'evenreg[all]'."
        ) from None
    base = transformers.Trainer if base is None else base
    if not (isinstance(base, type) and issubclass(base, transformers.Trainer)):
        raise InputError(f"base: expected a subclass of transformers.Trainer, got {base!r}; give its class.")

    @final
    class Events(transformers.TrainerCallback):
        def __init__(self, trainer: Any, attached: _Attached) -> None:
            self.trainer, self.attached = trainer, attached

        def on_train_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
            self.attached.start(rest["model"])

        def on_epoch_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
            # The checkpoint of an epoch's last step is written before that epoch ends, and goes on from here.
            if int(state.epoch or 0) > self.attached.epochs:
                self.attached.end_epoch(self.trainer)

        def on_epoch_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
            self.attached.end_epoch(self.trainer)

        def on_save(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
            if not (args.save_only_model or state.is_hyper_param_search):
                folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
                self.attached.save(folder, write=state.is_world_process_zero)

    @final
    class EvenregTrainer(base):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self._attached = _Attached(parts, target)
            self.add_callback(Events(self, self._attached))

        def train(
            self, resume_from_checkpoint: str | bool | None = None, *arguments: Any, **named: Any
        ) -> Any:
            folder = resume_from_checkpoint or None
            if folder is True:
                folder = transformers.trainer_utils.get_last_checkpoint(self.args.output_dir)
            self._attached.load(folder)
            try:
                return super().train(resume_from_checkpoint, *arguments, **named)
            finally:
                self._attached.remove()

        def compute_loss(
            self,
            model: nn.Module,
            inputs: Any,
            return_outputs: bool = False,
            num_items_in_batch: Any = None,
        ) -> Any:
            def compute(outputs_too: bool) -> Any:
                return super(EvenregTrainer, self).compute_loss(
                    model, inputs, return_outputs=outputs_too, num_items_in_batch=num_items_in_batch
                )

            if not (model.training and self._attached.handles):
                return compute(return_outputs)
            labels = batch_labels(inputs, target)
            with self._attached.target(labels):
                loss, outputs = compute(True)
            term = self._attached.loss(outputs, labels)
            if self._loss_is_a_share():
                term = term / self.current_gradient_accumulation_steps
            return (loss + term, outputs) if return_outputs else loss + term

        def _loss_is_a_share(self) -> bool:
            """Whether the loss is divided by the size of the accumulated batch already.

            Models that take ``num_items_in_batch`` count as such for the Trainer, but regression heads, which
            do not use it, give the mean of their own batch; so is the term.
            """
            said = getattr(self, "loss_is_scaled_for_ga", None)
            return self.compute_loss_func is not None if said is None else said

        def log(self, logs: dict[str, float], *arguments: Any, **named: Any) -> None:
            if "loss" in logs:
                logs.update(self._attached.logged())
            super().log(logs, *arguments, **named)

    return EvenregTrainer


@final
class _Attached:
    """The parts of a Trainer, on its model while it trains.

    Attributes:
        epochs: How many have ended.
    """

    def __init__(self, parts: Sequence[tuple[Any, str]], target: Callable[[Any], Any] | None) -> None:
        self.parts, self.find, self.epochs = list(parts), target, 0
        self.handles: list[FDSHandle | RegularizerHandle] = []
        self.terms: dict[str, tuple[Tensor | float, int]] = {}

    def start(self, model: nn.Module) -> None:
        self.remove()
        for part, layer in self.parts:
            self.handles.append(attach(part, model, layer))

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()
        self.handles, self.terms = [], {}

    def target(self, labels: Tensor) -> ExitStack:
        with ExitStack() as stack:
            for handle in self.handles:
                stack.enter_context(handle.target(labels))
            return stack.pop_all()

    def loss(self, outputs: Any, labels: Tensor) -> Tensor:
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
