"""RankSim: the neighbours of a sample in feature space in the order of its neighbours in label space."""

from collections.abc import Callable
from functools import partial
from typing import Any, Self, final

import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from evenreg import _check
from evenreg._torch import float32_island, gather_rows
from evenreg.features._blackbox_rank import blackbox_gradient
from evenreg.features._contrast_batch import joined_batch
from evenreg.features._draw import label_keys, one_per_group, row_codes
from evenreg.features._label_bins import LabelBins
from evenreg.features._rank_penalties import PENALTIES
from evenreg.features._rank_similarities import SIMILARITIES
from evenreg.features._ranks import average_ranks, ranks
from evenreg.features._regularizer import AbstractRegularizer
from evenreg.labels import LabelSpace

_TIES = {"equal": ranks, "average": average_ranks}


@final
class RankSim(AbstractRegularizer):
    """Ranking similarity: a sample's neighbours should come in the same order in features as in labels.

    Not only near labels keep near features, as with smoothing: the order holds over the whole label range, so
    that features of rare labels lie between and beyond those of frequent ones.

        L = gamma · Σ_i penalty(rk(S^z_i) / n, rk(S^y_i) / n)

    S^z and S^y are the similarities of the n drawn rows in features and labels, S^y = −|y_i − y_j|; the
    penalty is a mean over positions, the anchor i itself included. Ranks have no gradient, see
    `blackbox_gradient`. Features are those of the encoder, before any calibration.

    The gradient of a step is found with gamma inside and then multiplied by what the backward pass brings.
    So loss scaling and gradient accumulation change nothing, while a coefficient put before the regularizer
    is not gamma: it makes the gradient longer, gamma decides which neighbours swap.

    In distributed training the rows of all processes are ranked together: value and gradient are those of one
    process with the joined batch.

    Args:
        gamma: Weight of the regularizer, above 0. It decides by how much similarities are moved before they are
            ranked again, 2·γ·λ / n² for each rank that a neighbour is off: the larger, the more neighbours swap,
            until all do and the gradient grows no more. Below about 200 drawn rows 100 is near that end; it is
            the paper's value for a ResNet-50 on ages. A network of two layers with 60 labels a batch learned best
            with 0.1, and hardly anything with 100.
        interpolation: λ, above 0. It moves the similarities as gamma does, and divides the gradient, which is
            about 1 / λ at most.
        penalty: ``mse``, ``mae``, ``huber``, ``l_inf`` or ``cosine``. The paper's gamma for the others is 200, 1,
            500 and 1.
        similarity: Of features: ``cosine``, ``correlation``, ``negative_mse``, ``negative_mae`` or
            ``negative_l_inf``. The paper's gamma for the others is 0.1, 50, 200 and 500.
        label_similarity: For labels ``(n, d)``: one of the names above or a function to ``(n, n)``, larger for
            more alike; None is minus the distance, of labels of one dimension. The coordinate of a fitted space
            serves the draw alone.
        ties: ``equal`` gives tied neighbours the same rank (Eq. 1), ``average`` the mean of their places.
            Distances and cosines tie that differ by rounding alone, as 3.2 − 3.0 and 3.0 − 2.8 do.
        sample: Draw one row of each distinct label, or of each bin after `fit`, so that frequent labels do not
            crowd the ranking; False ranks all rows.
        generator: Draws the rows, process 0's for all; None draws by the batch's labels and their order, which
            needs no state and is the same after a resume. Give one where batches come back in the same order,
            or the same rows are drawn each time.

        weight: Coefficient of the whole term, above 0; value and gradient are proportional to it. Published results
            have 1 beside an L1 error in years; beside one in standard deviations of those ages that is 0.06.

    Shapes: features ``(batch, ...)``, flattened a row; target ``(batch,)`` or ``(batch, out)``. Computed in
    float32 under autocast too (no TF32: rounding makes ties); float64 stays float64. Under ``torch.compile``
    all rows are ranked and those not drawn masked.

    Attributes:
        rows: How many rows the last call ranked, n above; not told under ``torch.compile``.

    Raises:
        InputError: ``gamma`` or ``interpolation`` not above 0; an empty batch; NaN features (rows named; on an
            accelerator and under ``torch.compile``, where asking would cost, a drawn one makes the value NaN,
            which ranks alone would hide).
        TargetError: NaN targets, likewise.
        ShapeError: Features and target of different length; labels of several dimensions without
            ``label_similarity``, or one of another shape.
        UnknownNameError: Another ``penalty``, ``similarity``, ``label_similarity`` or ``ties``.

    Example:
        >>> import torch
        >>> angle = torch.tensor([0.0, 0.2, 0.5, 0.6])
        >>> arc = torch.stack([angle.cos(), angle.sin()], 1)
        >>> regularizer = RankSim()
        >>> regularizer(arc, torch.tensor([1.0, 3.0, 6.0, 7.0]))
        tensor(0.)
        >>> regularizer(arc, torch.tensor([6.0, 3.0, 1.0, 7.0]))
        tensor(34.3750)

    Paper: papers/003 section 3, Eqs. 1 to 7; Tables 4 to 6 for the options. As in the released code ranks are
    divided by n, which the paper's gamma and λ belong to (Eq. 4 has plain ranks). It breaks ties by the order
    of the batch, and its gradient of a scaled loss is another one.
    """

    def __init__(
        self,
        gamma: float = 100.0,
        interpolation: float = 2.0,
        *,
        penalty: str = "mse",
        similarity: str = "cosine",
        label_similarity: str | Callable[[Tensor], Tensor] | None = None,
        ties: str = "equal",
        sample: bool = True,
        generator: torch.Generator | None = None,
        weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = _check.positive(weight, "weight")
        self.gamma = _check.positive(gamma, "gamma")
        self.interpolation = _check.positive(interpolation, "interpolation")
        self._penalty = PENALTIES[_check.known(penalty, PENALTIES, "penalty of RankSim")]
        self._similarity = SIMILARITIES[_check.known(similarity, SIMILARITIES, "similarity of RankSim")]
        if isinstance(label_similarity, str):
            name = _check.known(label_similarity, SIMILARITIES, "label_similarity of RankSim")
            label_similarity = SIMILARITIES[name]
        self._label_similarity = label_similarity
        self._rank = _TIES[_check.known(ties, _TIES, "ties of RankSim")]
        self.sample, self.generator = sample, generator
        self.bins = LabelBins()
        self.rows = 0

    def fit(self, space: LabelSpace) -> Self:
        """Draw one row of each bin of ``space`` from now on; distances stay those of the labels."""
        self.bins.fit(space)
        return self

    def forward(self, features: Shaped[Tensor, "..."], target: Shaped[Tensor, "..."]) -> Float[Tensor, ""]:
        """The regularizer's value, its weight inside."""
        rows, joined, _ = joined_batch(features, target=target)
        labels = joined["target"]
        dims = 1 if self._label_similarity is None else "out"
        _check.shape(labels, "target", ("batch", dims), "labels of several dimensions need label_similarity")
        _check.batch_size(len(rows), 1, "RankSim", "skip a batch with nothing in it")
        with float32_island():
            drawn = self._draw(labels) if self.sample else None
            if torch.compiler.is_compiling():
                if drawn is not None:
                    # Zero in place of undrawn rows: NaN in them goes nowhere, as in eager mode.
                    kept = drawn.unsqueeze(1)
                    rows, labels = torch.where(kept, rows, 0), torch.where(kept, labels, 0)
                return self.weight * self._value(rows, labels, drawn)
            if drawn is not None:
                index = drawn.nonzero().squeeze(1)
                if len(index) < len(rows):
                    rows, labels = rows[index], labels[index]
            self.rows = len(rows)
            return self.weight * self._value(rows, labels, None)

    def _draw(self, labels: Float[Tensor, "n out"]) -> Bool[Tensor, " n"]:
        """One row of each bin or distinct label, the same in all processes."""
        if len(self.bins):
            groups = self.bins(labels, (len(labels),))
        else:
            groups = labels.squeeze(1) if labels.shape[1] == 1 else row_codes(labels)
        if self.generator is None:
            keys = label_keys(labels)
        else:
            device: Any = self.generator.device
            keys = torch.rand(len(labels), generator=self.generator, device=device).to(labels.device)
            keys = gather_rows(keys)[: len(labels)]
        return one_per_group(groups, keys)

    def _value(
        self,
        rows: Float[Tensor, "n d"],
        labels: Float[Tensor, "n out"],
        drawn: Bool[Tensor, " n"] | None,
    ) -> Float[Tensor, ""]:
        """Value and gradient of the ``drawn`` rows among all, None for all of them."""
        counted = torch.ones_like(rows[:, 0], dtype=torch.bool) if drawn is None else drawn
        n = len(rows) if drawn is None else drawn.sum()

        def places(similarity: Tensor, tolerance: Tensor) -> Tensor:
            if drawn is not None:
                similarity = similarity.masked_fill(~drawn, -torch.inf)
            return self._rank(similarity, tolerance).to(rows.dtype) / n * counted

        similarity = self._similarity(rows)
        values = similarity.detach()
        with torch.no_grad():
            wanted = places(*self._label_similarities(labels))
            rank = partial(places, tolerance=_rounding(values))
            found = rank(values)
            value = self.gamma * (self._penalty.cost(found, wanted, n) * counted).sum()
            # 0, or NaN where a label is: ranks would hide it.
            value = value + (labels - labels).sum().to(value.dtype)
            gradient = torch.zeros_like(values)
            if similarity.requires_grad:
                slope = self.gamma * self._penalty.slope(found, wanted, n)
                gradient = blackbox_gradient(values, found, slope, self.interpolation, rank)
                gradient = gradient * counted.unsqueeze(1)
        # The value as it is, NaN where a feature is, and a backward that multiplies ``gradient``.
        return value + (gradient * (similarity - values)).sum()

    def _label_similarities(
        self, labels: Float[Tensor, "n out"]
    ) -> tuple[Float[Tensor, "n n"], Float[Tensor, ""]]:
        """How alike labels are, and up to which difference two similarities are the same."""
        if self._label_similarity is None:
            return -(labels - labels.T).abs(), _rounding(labels)
        similarity = self._label_similarity(labels)
        n = len(labels)
        _check.shape(similarity, "label_similarity", (n, n), "give the similarity of all pairs of labels")
        return similarity, _rounding(similarity)

    def extra_repr(self) -> str:
        """The main arguments, for ``print``."""
        return (
            f"gamma={self.gamma:g}, interpolation={self.interpolation:g}, sample={self.sample}, "
            f"weight={self.weight:g}"
        )


def _rounding(values: Float[Tensor, "n m"]) -> Float[Tensor, ""]:
    """Below this, two numbers are the same but for rounding."""
    # Cosines of equal angles, of 2 to 12,000 float32 numbers, were up to 6.5 roundings apart.
    return 16 * torch.finfo(values.dtype).eps * values.abs().amax()
