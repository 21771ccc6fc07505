"""Regularize: a regularizer on a layer of any LightningModule."""

from collections.abc import Callable, Mapping
from typing import Any, final

import lightning.pytorch as pl
from torch import Tensor

from evenreg.errors import InputError
from evenreg.features import FDS
from evenreg.training._batch_labels import batch_labels
from evenreg.training._layer_callback import AbstractLayerCallback
from evenreg.training._layer_hook import LayerHook
from evenreg.training._regularizer_handle import RegularizerHandle, needs_prediction, part_name


@final
class Regularize(AbstractLayerCallback):
    """A regularizer in the training of a LightningModule, whose code stays as it is.

    Its term for the layer's features is added to the loss that ``training_step`` returns, a tensor or a mapping
    with "loss", and logged. Where `FDSCallback` acts on the same layer the features are those before it.
    Validation, tests and predictions see the model alone.

    Args:
        part: The regularizer, fitted if it learns from labels: anything called as ``part(features, target)`` for
            a scalar.
        layer: Name of the layer, as ``module.named_modules()`` gives it. Its output is ``(n, d)``, or
            ``(n, c, h, w)``.
        target: A function from the batch to its labels; None takes the second element of a tuple or list, or
            "labels" or "target" of a mapping.
        prediction: Name of the layer that puts out the prediction, as many numbers a sample as there are labels;
            for parts that compare predictions too, such as `ConR`, and no others.
        name: What the term is logged as; None is the class's, as ``RankSim_loss``.

    Raises:
        InputError: Something else than a regularizer; a ``prediction`` too few or too many. In a fit: manual
            optimization, a batch without labels, a layer that is not called in ``training_step``, or called
            twice.
        UnknownNameError: When the fit starts: no such layer; the nearest names are offered.

    Example:
        >>> import lightning.pytorch as pl
        >>> from evenreg.features import RankSim
        >>> rank = Regularize(RankSim(), "encoder.pool")
        >>> trainer = pl.Trainer(callbacks=[rank], accelerator="cpu", logger=False)
    """

    def __init__(
        self,
        part: Callable[..., Tensor] | Any,
        layer: str,
        *,
        target: Callable[[Any], Any] | None = None,
        prediction: str | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(part, layer, target)
        if isinstance(part, FDS):
            raise InputError("part: expected a regularizer, got FDS; for FDS take FDSCallback.")
        if needs_prediction(part) != (prediction is not None):
            wanted = "the name of the layer that predicts" if prediction is None else "None"
            raise InputError(
                f"prediction: expected {wanted} for {part_name(part)}, got {prediction!r}; only parts that "
                "compare predictions take it."
            )
        self.prediction = prediction
        self.name = f"{part_name(part)}_loss" if name is None else name
        self._module: Any = None
        self._predicting: LayerHook | None = None
        self._predicted: Any = None

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Attach.

        Raises:
            InputError: Manual optimization, where the loss never comes by here.
        """
        if not pl_module.automatic_optimization:
            raise InputError(
                "Regularize: expected automatic optimization, whose loss training_step returns, got "
                "automatic_optimization=False; attach the part and add handle.loss() yourself."
            )
        super().on_fit_start(trainer, pl_module)
        self._module = pl_module
        if self.prediction is not None:
            self._predicting = LayerHook(pl_module, self.prediction, self._keep)

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take everything off."""
        super().on_fit_end(trainer, pl_module)
        if self._predicting is not None:
            self._predicting.remove()
        self._module = self._predicting = self._predicted = None

    def _attach(self, module: pl.LightningModule) -> RegularizerHandle:
        return RegularizerHandle(self.part, module, self.layer, self.target or batch_labels)

    def _keep(self, prediction: Any) -> None:
        self._predicted = prediction

    def _around(self, step: Callable[..., Any], batch: Any, *rest: Any) -> Any:
        self._predicted = None  # not that of a validation batch
        with self._handle.target(batch):
            output = step(batch, *rest)
        term = self._handle.loss(self._predicted)
        self._predicted = None
        if output is None:  # the step is skipped
            return None
        self._module.log(self.name, term.detach())
        if isinstance(output, Mapping):
            return {**output, "loss": output["loss"] + term}
        return output + term
