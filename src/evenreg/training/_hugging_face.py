"""hugging_face_trainer: FDS and regularizers in the Trainer of transformers."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, final

from torch import nn

from evenreg.errors import InputError, MissingDependencyError
from evenreg.training._attach import check_part
from evenreg.training._batch_labels import batch_labels
from evenreg.training._trainer_parts import TrainerParts


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
        def __init__(self, trainer: Any, attached: TrainerParts) -> None:
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
            self._attached = TrainerParts(parts, target)
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
