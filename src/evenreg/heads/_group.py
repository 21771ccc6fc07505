"""GroupHead: a classifier of label groups and an expert for each."""

from collections.abc import Mapping
from typing import Any, Self, final

from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn

from evenreg import _check
from evenreg.errors import InputError
from evenreg.heads._base import AbstractHead, Cost, at_least_float32, check_features
from evenreg.heads._group_labels import TARGETS, GroupLabels
from evenreg.heads._prediction import Prediction
from evenreg.heads._scalar_target import check_scalar_space, scalar_target
from evenreg.labels import GROUPINGS, LabelGroups, LabelSpace


@final
class GroupHead(AbstractHead):
    """Tell the group of the label, then regress inside it: p(y | z) = Σ_g p(g | z) p(y | z, g).

    The label range is cut into n groups. A classifier gives each group a logit, n experts a value each, and the
    value of the group that the classifier tells is the prediction. In training the expert of the true group
    alone is trained on a sample, so that frequent labels do not draw rare ones towards them:

        loss = λ1 · cost(expert of the true group, target, weight) − λ2 · mean over the batch of Σ_g q_g log p_g

    The labels q of the classifier fall with the distance from the true group (``target="soft"``), since an
    error by one group costs little. Such a classifier learns p = Qᵀπ, a blurred π; the groups' probabilities π
    are Q⁻ᵀp, clipped at 0 and divided by their sum.

    An expert only ever sees labels of its own group. Bounded, it predicts nothing else:

        expert_g = centre_g + 1.1 · half-width_g · tanh(u_g)

    with the outer sides of the two end groups open (linear from 0 on), so that labels beyond the training range
    are within reach. A weight against the skew acts on the experts' term only.

    Args:
        in_features: Width of the features, at least 1.
        n: Groups, at least 1 and at most one a bin with training labels.
        routing: ``"argmax"``, the expert of the group with the largest logit, or ``"soft"``, Σ_g π_g expert_g, for
            which experts should be bounded.
        bounded: Whether experts are held to their groups; otherwise they are plain linear outputs, the paper.
        target: What the classifier learns: ``"soft"`` labels; ``"ce"``, one-hot labels; ``"la"``, logit
            adjustment: one-hot labels, with the log prior of the groups added to the logits in training, so that
            the probabilities without it are those under equally frequent groups. That prior is the training
            labels'; under a balanced sampler ``"la"`` corrects twice.
        beta: Steepness of soft labels, above 0; at 1 the true group has .46 away from the ends.
        grouping: ``"uniform"``, groups of equal width, as in the paper, or ``"equal_mass"``, of equal counts.
        lambda1: Coefficient of the experts' term, at least 0.
        lambda2: Coefficient of the classifier's term, at least 0.

    Shapes: features ``(batch, in_features)``; targets ``(batch, 1)``; value ``(batch, 1)``; extras ``logits``,
    ``experts`` and ``probabilities`` (π), each ``(batch, n)``. All are float32 at least.

    Raises:
        NotFittedError: Use before `fit` or a state dict.
        ShapeError: Features of another width; targets that are not one number a sample, ``(batch, 1)``.
        TargetError: NaN targets, rows named; on an accelerator and under ``torch.compile`` the loss is NaN.
        InputError: An argument out of range.
        UnknownNameError: An unknown routing, target or grouping; the nearest is offered.

    Example:
        >>> import torch
        >>> _ = torch.manual_seed(0)
        >>> head = GroupHead(8, n=4).fit(LabelSpace.fit(range(20)))
        >>> features, target = torch.randn(6, 8), torch.tensor([[0.0], [3.0], [6.0], [11.0], [18.0], [19.0]])
        >>> prediction = head(features)
        >>> prediction.value.shape, head.groups_of(target).tolist()
        (torch.Size([6, 1]), [0, 0, 1, 2, 3, 3])
        >>> head.loss(prediction, target, cost=lambda p, y, w: (p - y).abs().mean()).shape
        torch.Size([])

    Papers: papers/001 Lemma 1, eqs. 3 to 5 (eq. 2 is `evenreg.features.GroupContrast`). Bounds, soft routing and
    Q⁻ᵀ are not in it. Its eq. 4 lacks the minus sign, and the released code sums over the batch: its λ2 is about 128
    times this one. Logit adjustment: Menon et al. 2021, "Long-tail learning via logit adjustment", eq. 10, τ = 1.
    """

    def __init__(
        self,
        in_features: int,
        n: int = 10,
        routing: str = "argmax",
        bounded: bool = True,
        target: str = "soft",
        beta: float = 1.0,
        grouping: str = "uniform",
        lambda1: float = 0.5,
        lambda2: float = 1.0,
    ) -> None:
        super().__init__()
        self.in_features = _check.integer(in_features, "in_features", 1)
        self.n = _check.integer(n, "n", 1)
        self.routing = _check.known(routing, _ROUTINGS, "routing of GroupHead")
        if not isinstance(bounded, bool):  # the text "false" is true
            raise InputError(f"bounded: expected True or False, got {bounded!r}.")
        self.bounded = bounded
        self.target = _check.known(target, TARGETS, "target of GroupHead")
        self.beta = _check.positive(beta, "beta")
        self.grouping = _check.known(grouping, GROUPINGS, "grouping of GroupHead")
        self.lambda1 = _check.positive(lambda1, "lambda1", zero=True)
        self.lambda2 = _check.positive(lambda2, "lambda2", zero=True)
        # Logits, then experts: one product for both takes a fifth less time than two.
        self.linear = nn.Linear(self.in_features, 2 * self.n)
        self.groups = GroupLabels(self.n, target, self.beta)

    @property
    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        names = ("in_features", "n", "routing", "bounded", "target", "beta", "grouping", "lambda1", "lambda2")
        return {name: getattr(self, name) for name in names}

    @property
    def edges(self) -> Float[Tensor, " edges"] | None:
        """Where groups begin and end, in the units of the value; None before `fit`."""
        return self.groups.index.edges if self.groups.index.n_bins else None

    def fit(self, space: LabelSpace) -> Self:
        """Cut the training labels into groups.

        Args:
            space: The training labels, in the units that the head shall predict in.

        Raises:
            InputError: More groups than bins with training labels, a uniform group without any, or labels of
                several dimensions.
            TargetError: A space without labels.
        """
        check_scalar_space(space, "GroupHead")
        self.groups.learn(LabelGroups.cut(space, self.n, self.grouping))
        return self

    def forward(self, features: Float[Tensor, "..."]) -> Prediction:
        """The routed value, with ``logits``, ``experts`` and ``probabilities``."""
        _check.fitted(self, "edges")
        check_features(features, self.in_features)
        logits, u = at_least_float32(self.linear(features)).chunk(2, 1)
        experts = self.groups.inside(u) if self.bounded else u
        probabilities = self.groups.posterior(logits.softmax(1))
        value = _ROUTINGS[self.routing](logits, experts, probabilities)
        return Prediction(value, {"logits": logits, "experts": experts, "probabilities": probabilities})

    def groups_of(self, target: Shaped[Tensor, "..."]) -> Int[Tensor, " batch"]:
        """The true group of each target ``(batch, 1)``, on its device; labels beyond belong to the end groups."""
        _check.fitted(self, "edges")
        return self.groups.index(scalar_target(target, "batch", "GroupHead"))

    def true_routing(self, prediction: Prediction, target: Shaped[Tensor, "..."]) -> Float[Tensor, "batch 1"]:
        """The value that the experts of the true groups give: what would be left without errors of the classifier."""
        return _expert_of(prediction, self._groups_of(prediction, target))

    def terms(
        self,
        prediction: Prediction,
        target: Shaped[Tensor, "..."],
        weight: Shaped[Tensor, "..."] | None = None,
        *,
        cost: Cost,
    ) -> dict[str, Float[Tensor, ""]]:
        """``regression``, the cost of the true groups' experts, and ``classification``, the mean cross-entropy."""
        groups = self._groups_of(prediction, target)
        return {
            "regression": cost(_expert_of(prediction, groups), target, weight),
            "classification": self.groups.cross_entropy(prediction.extras["logits"], groups),
        }

    def total(self, terms: Mapping[str, Float[Tensor, ""]]) -> Float[Tensor, ""]:
        """λ1 · regression + λ2 · classification."""
        return self.lambda1 * terms["regression"] + self.lambda2 * terms["classification"]

    def _groups_of(self, prediction: Prediction, target: Tensor) -> Int[Tensor, " batch"]:
        _check.fitted(self, "edges")
        return self.groups.index(scalar_target(target, len(prediction.value), "GroupHead"))


def _expert_of(prediction: Prediction, groups: Int[Tensor, " batch"]) -> Float[Tensor, "batch 1"]:
    experts = prediction.extras["experts"]
    # A NaN target has no group; any expert will do, since its cost is NaN.
    return experts.gather(1, groups.clamp(max=experts.shape[1] - 1).unsqueeze(1))


def _most_probable(logits: Tensor, experts: Tensor, probabilities: Tensor) -> Float[Tensor, "batch 1"]:
    """The paper's choice, by p rather than π."""
    del probabilities
    return experts.gather(1, logits.argmax(1, keepdim=True))


def _expected(logits: Tensor, experts: Tensor, probabilities: Tensor) -> Float[Tensor, "batch 1"]:
    del logits
    return (probabilities * experts).sum(1, keepdim=True)


_ROUTINGS = {"argmax": _most_probable, "soft": _expected}
