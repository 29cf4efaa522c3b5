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


def add_gradients(
    rule, layers, feedback, x, targets, activation, loss, masks=(), scale=1.0, noise=None
):
    """Leave in ``grad`` of every tensor what a rule gives it; return the output error.

    Inside a layer that is autograd's work, which starts from what reaches the layer's outputs.
    Feedback that learns takes the transposed gradients of the weights.
    """
    if rule == "np":
        return perturb_nodes(layers, x, targets, activation, loss, masks, scale, noise)
    sums, outputs = forward(layers, x, activation, masks, detach=True)
    (error,) = torch.autograd.grad(loss_of(sums[-1], targets, loss), sums[-1], retain_graph=True)
    error, top = error * scale, len(layers) - 1
    weights, errors = [layer[0].detach() for layer in layers], {top: error}
    sums[top].backward(error, retain_graph=True)

    def received(layer):
        matrix = feedback[0 if len(feedback) == 1 else layer].detach() if feedback else None
        if rule == "bp":
            return errors[layer + 1] @ weights[layer + 1].mT
        if rule in ("fa", "kp", "wm"):
            return errors[layer + 1] @ matrix
        if rule == "ss":
            assert (matrix == matrix[:, :1, :1]).all()
            return errors[layer + 1] @ torch.copysign(matrix, weights[layer + 1].mT)
        if rule == "sdfa":
            return (scale * ((error > 0).to(error) - (error < 0).to(error))) @ matrix
        if rule == "ifa" and layer > 0:
            return errors[layer - 1] @ weights[layer]
        if rule == "shared":
            matrix = matrix[..., : weights[layer].shape[-1]]
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


def perturb_nodes(layers, x, targets, activation, loss, masks, scale, noise, deviation=0.01):
    """Leave the gradients of node perturbation, sample by sample, from two forward propagations."""
    count, top = x.shape[-2], len(layers) - 1
    drawn = [torch.tensor(noise((count, biases.shape[-1]))) for _, biases in layers]
    masks = [1.0 if mask is None else torch.tensor(mask) for mask in masks] or [1.0] * len(layers)

    def propagate(size):
        h, received = x * masks[0], []
        for number, ((weights, biases), pushed) in enumerate(zip(layers, drawn, strict=True)):
            received.append(h)
            a = h @ weights.detach() + biases.detach() + size * pushed
            h = ACTIVATIONS[activation](a) * (masks[number + 1] if number < top else 1.0)
        pairs = zip(a.flatten(0, 1), targets.flatten(0, 1), strict=True)
        return received, [loss_of(*pair, loss) for pair in pairs]

    (received, before), (_, after) = propagate(0.0), propagate(deviation)
    slope = (torch.stack(after) - torch.stack(before)).reshape(*x.shape[:-1], 1) / deviation
    for layer, h, pushed in zip(layers, received, drawn, strict=True):
        error = slope * pushed * scale
        layer[0].grad, layer[1].grad = h.mT @ error, error.sum(-2, keepdim=True)


def mirror(layers, feedback, noise, count, activation, deviation=0.1 / 12**0.5, rate=0.01):
    """Let matrices mirror the weights above them, a sample of noise after the other."""
    for k, ((weights, biases), matrix) in enumerate(zip(layers[1:], feedback, strict=True)):
        x = deviation * torch.tensor(noise((count, weights.shape[-2])))
        function = torch.sigmoid if k == len(feedback) - 1 else ACTIVATIONS[activation]
        for sample in x.unbind(-2):
            y = function(
                torch.einsum("si,sij->sj", sample, weights.detach()) + biases.detach()[:, 0]
            )
            matrix += rate * torch.einsum("sj,si->sji", y, sample)
