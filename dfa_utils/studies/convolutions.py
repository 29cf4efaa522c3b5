"""Two convolutions and a layer that reads them, trained in PyTorch under four rules."""

import torch
from torch.nn import Conv2d, Flatten, Linear, Sequential

from dfa_utils.autograd.in_torch import Mirrored, forward
from dfa_utils.autograd.training import fit


def draw_maps(data, channels):
    """Return two convolutions that halve the image, and the layer that reads them.

    Parameters
    ----------
    data : dfa_utils.data.Dataset
        Of square images with one channel.
    channels : (int, int)
        Of the convolutions.

    Returns
    -------
    list of torch.nn.Module
        As PyTorch draws them.
    """
    one, two = channels
    read = Linear(two * (data.image_shape[0] // 4) ** 2, data.num_classes)
    convolutions = Conv2d(1, one, 5, 2, 2), Conv2d(one, two, 5, 2, 2)
    return [*convolutions, Sequential(Flatten(), read)]


def train(name, rate, seed, data, channels, num_epochs, batch_size):
    """Train a network by RMSprop.

    Parameters
    ----------
    name : {"BP", "FA", "DFA", "last"}
        The rule; with the last only the last layer learns.
    rate : float
    seed : int
        Of the weights, of what sends errors, and of the order of the images.
    data, channels : object
        As `draw_maps` takes them; the data of the backend torch.
    num_epochs, batch_size : int

    Returns
    -------
    tuple
        The curves, as `dfa_utils.autograd.training.fit` returns them; the maps; and the feedback
        (classes, channels, rows, columns) of each convolution, standard normal numbers divided by
        the root of the number of classes, whether the rule uses it or not.
    """
    torch.manual_seed(seed)
    maps, mirrors = draw_maps(data, channels), draw_maps(data, channels)
    shape, size = (1, *data.image_shape), data.num_classes
    hidden = forward(maps, data.test_images[:1].reshape(1, *shape))[:-1]
    feedback = [torch.randn(size, *h.shape[1:]) / size**0.5 for h in hidden]
    if name == "FA":
        maps = list(map(Mirrored, maps, mirrors))
    way = {"cut": name in ("DFA", "last"), "feedback": feedback if name == "DFA" else None}
    optimizer = torch.optim.RMSprop([p for linear in maps for p in linear.parameters()], rate)
    return fit(maps, data, shape, optimizer, num_epochs, batch_size, **way), maps, feedback
