"""Mix: blending against loops, inside models, and what it refuses."""

import pytest
import torch
from torch import nn

from evenreg.errors import InputError, ShapeError, UnknownNameError
from evenreg.mixing import Mix

PARTNER, SHARE = torch.tensor([2, 1, 0, 0]), torch.tensor([0.3, 0.9, 1.0, 0.0])


def blended(rows, partner=PARTNER, share=SHARE):
    """Row by row, number by number."""
    flat = rows.reshape(len(rows), -1).tolist()
    made = [
        [
            float(s) * own + (1 - float(s)) * other
            for own, other in zip(flat[i], flat[int(partner[i])], strict=True)
        ]
        for i, s in enumerate(share)
    ]
    return torch.tensor(made, dtype=torch.float64).reshape(rows.shape)


def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 1)).double()


@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, 3), (4, 2, 3, 5)])
def test_rows_are_blended_as_in_a_loop(shape):
    rows = torch.randn(shape, dtype=torch.float64)
    torch.testing.assert_close(Mix(PARTNER, SHARE)(rows), blended(rows), rtol=1e-7, atol=1e-7)


def test_a_row_that_is_its_own_partner_stays_exact_and_shares_of_one_and_none_are_rows():
    rows = torch.randn(4, 7)
    found = Mix(PARTNER, SHARE)(rows)
    assert torch.equal(found[1], rows[1])
    assert torch.equal(found[2], rows[2])
    assert torch.equal(found[3], rows[0])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_a_blend_keeps_the_type(dtype):
    assert Mix(PARTNER, SHARE)(torch.ones(4, 2, dtype=dtype)).dtype == dtype


def test_inputs_are_blended_before_the_model_also_those_given_by_name():
    class Sum(nn.Module):
        def forward(self, x, *, other, flag):
            assert flag == "as it is"
            return x + 2 * other

    x, other = torch.randn(4, 3), torch.randn(4, 3)
    mix = Mix(PARTNER, SHARE)
    found = mix.run(Sum(), x, other=other, flag="as it is")
    torch.testing.assert_close(found, mix(x) + 2 * mix(other))


def test_a_layer_is_blended_where_it_is_and_left_as_it_was():
    net, x = model(), torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    mix = Mix(PARTNER, SHARE, layer="1")
    found = mix.run(net, x)
    torch.testing.assert_close(found, net[2](mix(net[1](net[0](x)))))
    assert not torch.allclose(found, mix.run(net, x).detach() * 0 + net(x))
    assert not any(layer._forward_hooks for layer in net.modules())
    found[3].sum().backward()  # it kept nothing of itself: all of it is row 0
    assert x.grad is not None
    assert x.grad[0].abs().sum() > 0
    assert not x.grad[1:].any()


def test_hooks_go_when_the_model_fails():
    net = model()
    with pytest.raises(RuntimeError):
        Mix(PARTNER, SHARE, layer="1").run(net, torch.randn(4, 99, dtype=torch.float64))
    assert not any(layer._forward_hooks for layer in net.modules())


def test_what_cannot_be_blended_is_told():
    mix, net = Mix(PARTNER, SHARE), model()
    with pytest.raises(ShapeError, match=r"tensors of 4 rows, one a label, got \(5, 2\)"):
        mix(torch.zeros(5, 2))
    with pytest.raises(ShapeError, match="got tuple"):
        mix((torch.zeros(4),))
    with pytest.raises(InputError, match=r"a fraction, got torch.int64; .* token ids"):
        mix.run(nn.Embedding(3, 2), torch.tensor([0, 1, 2, 0]))
    with pytest.raises(UnknownNameError, match="layer"):
        Mix(PARTNER, SHARE, layer="11").run(net, torch.zeros(4, 3).double())


@pytest.mark.parametrize(("calls", "told"), [(0, "got 0 calls"), (2, "got 2 calls")])
def test_a_layer_that_rows_do_not_pass_once_is_told(calls, told):
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Tanh()

        def forward(self, x):
            for _ in range(calls):
                x = self.layer(x)
            return x

    with pytest.raises(InputError, match=told):
        Mix(PARTNER, SHARE, layer="layer").run(Odd(), torch.zeros(4, 1))
