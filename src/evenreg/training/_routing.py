"""What group experts do with the test rows, in label units."""

import numpy as np
import torch

from evenreg.evaluation import GroupRouting
from evenreg.heads import GroupHead
from evenreg.training._frozen_encoder import encode
from evenreg.training._source import AbstractPrepared, Rows
from evenreg.training._task import RegressionTask


@torch.no_grad()
def routing_of(
    task: RegressionTask,
    prepared: AbstractPrepared,
    y: np.ndarray,
    train: Rows,
    test: Rows,
    *,
    batch_size: int = 1024,
    device: str = "cpu",
) -> GroupRouting | None:
    """The routing of the test rows; None where the head has no groups.

    Args:
        task: A trained task.
        prepared: All rows as numbers.
        y: ``(rows,)`` labels.
        train: Training rows, for one constant a group.
        test: Test rows.
        batch_size: Rows encoded at a time.
        device: Where.
    """
    head, scaler = task.eval().cpu().head, task.scaler
    if not isinstance(head, GroupHead):
        return None
    labels = scaler(torch.from_numpy(y)[:, None])
    groups = head.groups_of(labels).numpy()
    encoder = task.encoder.to(device)
    features = encode(encoder, prepared.inputs, batch_size, rows=torch.from_numpy(test), device=device)
    encoder.cpu()
    prediction = task.predicted(features)
    assert head.edges is not None
    return GroupRouting.of(
        y[test],
        edges=scaler.inverse(head.edges[:, None]).numpy()[:, 0],
        true=groups[test],
        told=prediction.extras["logits"].argmax(1).numpy(),
        prediction=scaler.inverse(prediction.value).numpy()[:, 0],
        by_true_group=scaler.inverse(head.true_routing(prediction, labels[test])).numpy()[:, 0],
        constants=[np.median(y[train][groups[train] == g]) for g in range(head.n)],
    )
