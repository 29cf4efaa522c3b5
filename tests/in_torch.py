"""The rules and the optimizers in torch's own operations, written out anew."""

import torch

ACTIVATIONS = {"tanh": torch.tanh, "logistic": torch.sigmoid, "relu": torch.relu}
OPTIMIZERS = {
    "sgd": lambda groups: torch.optim.SGD(groups, lr=0.1),
    "momentum": lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.8),
    "nesterov": lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.8, nesterov=True),
    "rmsprop": lambda groups: torch.optim.RMSprop(groups, lr=0.01, alpha=0.9, eps=1e-8),
}


def tensors(params):
    """Return weights and biases as tensors that record what is done to them."""
    return [[torch.tensor(array, requires_grad=True) for array in layer] for layer in params]


def loss_of(logits, targets, loss):
    """Return the summed loss."""
    if loss == "cross_entropy":
        return -(targets * torch.log_softmax(logits, -1)).sum()
    return torch.nn.BCEWithLogitsLoss(reduction="sum")(logits, targets)


def forward(layers, x, activation, masks=(), detach=False):
    """Return each layer's pre-activations, and what it hands on after the mask of the next."""
    masks = [1.0 if mask is None else torch.tensor(mask) for mask in masks] or [1.0] * len(layers)
    h, sums, outputs = x * masks[0], [], []
    for (weights, biases), mask in zip(layers, [*masks[1:], 1.0], strict=True):
        sums.append((h.detach() if detach else h) @ weights + biases)
        h = ACTIVATIONS[activation](sums[-1]) * mask
        outputs.append(h)
    return sums, outputs


def add_gradients(rule, layers, feedback, x, targets, activation, loss, masks=(), scale=1.0):
    """Leave in ``grad`` of every tensor what a rule gives it; return the output error.

    Inside a layer that is autograd's work, which starts from what reaches the layer's outputs.
    Feedback that learns takes the transposed gradients of the weights.
    """
    sums, outputs = forward(layers, x, activation, masks, detach=True)
    (error,) = torch.autograd.grad(loss_of(sums[-1], targets, loss), sums[-1], retain_graph=True)
    error, top = error * scale, len(layers) - 1
    weights, errors = [layer[0].detach() for layer in layers], {top: error}
    sums[top].backward(error, retain_graph=True)

    def received(layer):
        matrix = feedback[0 if rule == "ifa" else layer].detach() if feedback else None
        if rule == "bp":
            return errors[layer + 1] @ weights[layer + 1].mT
        if rule in ("fa", "kp"):
            return errors[layer + 1] @ matrix
        if rule == "ifa" and layer > 0:
            return errors[layer - 1] @ weights[layer]
        return (-targets * scale if rule == "drtp" else error) @ matrix

    for layer in range(top) if rule == "ifa" else reversed(range(top)):
        (errors[layer],) = torch.autograd.grad(
            outputs[layer], sums[layer], received(layer), retain_graph=True
        )
        sums[layer].backward(errors[layer])
    if rule == "kp":
        for matrix, layer in zip(feedback, layers[1:], strict=True):
            matrix.grad = layer[0].grad.mT.clone()
    if rule == "dkp":
        for matrix, output in zip(feedback, outputs[:-1], strict=True):
            matrix.grad = (error.mT @ output).detach()
    return error
