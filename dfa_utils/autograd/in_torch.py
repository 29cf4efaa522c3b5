"""DFA and FA in PyTorch, for layers of any shape: autograd differentiates, the rule says what.

A map is a module that is linear in its input, such as a layer of units or a convolution.
"""

import torch


def forward(maps, x, cut=True):
    """Propagate a batch through maps with tanh between them.

    Parameters
    ----------
    maps : sequence of torch.nn.Module
        Linear in their input; the last makes the logits.
    x : torch.Tensor (n, ...)
    cut : bool
        Whether each map is cut off from those below it, so that no error passes through it.

    Returns
    -------
    list of torch.Tensor (n, ...)
        What each hidden map made of it, after tanh, and the logits (n, classes).
    """
    outputs = []
    for linear in maps:
        a = linear(x.detach() if cut else x)
        outputs.append(a if linear is maps[-1] else torch.tanh(a))
        x = outputs[-1]
    return outputs


def dfa_backward(outputs, feedback, loss):
    """Leave in ``grad`` of each parameter what DFA moves it against, as ``loss.backward()`` would.

    Parameters
    ----------
    outputs : list of torch.Tensor
        As a ``forward`` that cuts returns them.
    feedback : list of torch.Tensor (classes, ...)
        One for each hidden map, of the shape of its output for one sample.
    loss : torch.Tensor ()
        Of the logits.
    """
    (error,) = torch.autograd.grad(loss, outputs[-1], retain_graph=True)
    sent = [torch.tensordot(error, B, 1) for B in feedback]
    torch.autograd.backward(outputs, [*sent, error])


class Mirrored(torch.nn.Module):
    """A map with a way back of its own: FA, as another map of the same kind stays as it was drawn.

    Parameters
    ----------
    linear : torch.nn.Module
        The way forward, which learns.
    mirror : torch.nn.Module
        The way back.
    """

    def __init__(self, linear, mirror):
        super().__init__()
        self.linear, self.mirror = linear, mirror.requires_grad_(False)

    def forward(self, x):
        """Map a batch; what is added is zero, and its derivative is the mirror's.

        Parameters
        ----------
        x : torch.Tensor (n, ...)

        Returns
        -------
        torch.Tensor (n, ...)
        """
        back = self.mirror(x)
        return self.linear(x.detach()) + (back - back.detach())
