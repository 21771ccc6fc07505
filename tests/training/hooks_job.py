"""What test_hooks_in_processes.py runs in a process of its own: plain PyTorch first, then Lightning in two processes.

Called with a folder; prints one JSON object.
"""

import json
import sys
import warnings
from pathlib import Path

import torch
from torch import nn

from evenreg.features import FDS, RankSim
from evenreg.labels import Bins, LabelSpace
from evenreg.training import attach

SPACE = LabelSpace.fit([0.0, 4.0], Bins.uniform(-0.5, 4.5, 1))
FOLDER, N = Path(sys.argv[1]), 48
found = {}


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))


def rows():
    y = torch.arange(N) % 5 * (torch.arange(N) % 3 > 0).float()
    return torch.randn(N, 3, generator=torch.Generator().manual_seed(1)) + y.unsqueeze(1), y


def parts():
    return FDS(start_update=0, start_smooth=1).fit(SPACE), RankSim().fit(SPACE)


def in_two_processes():
    import lightning.pytorch as pl

    from evenreg._torch import process_count, process_rank
    from evenreg.training import FDSCallback, Regularize

    class Task(pl.LightningModule):
        def __init__(self):
            super().__init__()
            self.network = network()

        def training_step(self, batch, batch_idx):
            return (self.network(batch[0])[:, 0] - batch[1]).square().mean()

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.05)

    class Shares:
        """Each process has its share of the same batches; joined they are the batch of one process."""

        start = position = 0

        def __len__(self):
            return 4

        def __iter__(self):
            start, self.start = self.start, 0
            for i, batch in enumerate(torch.arange(N).split(12)):
                if i >= start:
                    self.position = i + 1
                    yield [tensor[batch.chunk(process_count())[process_rank()]] for tensor in rows()]

        def state_dict(self):
            return {"position": self.position}

        def load_state_dict(self, state):
            self.start = state["position"] % 4

    class Saves(pl.Callback):
        def __init__(self, name):
            self.name = name

        def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
            if (trainer.current_epoch, batch_idx) == (1, 1):
                trainer.save_checkpoint(FOLDER / f"{self.name}-cut.ckpt")

        def on_train_end(self, trainer, pl_module):
            trainer.save_checkpoint(FOLDER / f"{self.name}.ckpt")

    def fit(name, devices, path=None):
        fds, rank = parts() if path is None else (FDS(start_update=0, start_smooth=1), RankSim())
        callbacks = [FDSCallback(fds, "network.1"), Regularize(rank, "network.1"), Saves(name)]
        quiet = dict.fromkeys(
            ["logger", "enable_progress_bar", "enable_model_summary", "enable_checkpointing"], False
        )
        trainer = pl.Trainer(
            max_epochs=3, accelerator="cpu", devices=devices, strategy="ddp_fork" if devices > 1 else "auto",
            callbacks=callbacks, use_distributed_sampler=False, **quiet,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trainer.fit(Task(), Shares(), ckpt_path=path, weights_only=path and True)
        return torch.load(FOLDER / f"{name}.ckpt", weights_only=True)

    def state(checkpoint):
        fds = next(value for name, value in checkpoint["callbacks"].items() if name.startswith("FDSCallback"))
        return checkpoint["state_dict"] | {f"fds.{name}": value for name, value in fds["part"].items()}

    def gap(one, other):
        return max(float((value - other[name]).double().abs().max()) for name, value in one.items())

    two = state(fit("two", 2))
    resumed = state(fit("resumed", 2, FOLDER / "two-cut.ckpt"))
    one = state(fit("one", 1))
    found["names"] = sorted(two)
    found["rows"] = int(two["fds.counts"].sum())
    found["two processes and one"] = gap(two, one)
    found["resumed and straight"] = gap(resumed, two)


def in_plain_pytorch(compiled):
    model, (fds, rank), (x, y) = network(), parts(), rows()
    smooth, order = attach(fds, model, "1"), attach(rank, model, "1")
    forward = torch.compile(model, backend="aot_eager", fullgraph=True) if compiled else model
    optimizer, losses = torch.optim.SGD(model.parameters(), 0.05), []
    for _ in range(4):
        for batch in torch.arange(N).split(12):
            with smooth.target(y[batch]), order.target(y[batch]):
                prediction = forward(x[batch])
            loss = (prediction[:, 0] - y[batch]).square().mean() + order.loss()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        smooth.end_epoch()
    return losses


found["attach loads Lightning"] = "lightning" in sys.modules
in_two_processes()  # before any backward pass here, which a fork does not survive
losses = [in_plain_pytorch(compiled) for compiled in (False, True)]
found["compiled and eager"] = max(abs(one - other) for one, other in zip(*losses, strict=True))
found["graphs"] = torch._dynamo.utils.counters["stats"]["unique_graphs"]
print(json.dumps(found))
