"""PyTorch with the gradients written by hand: eager, and compiled.

Written to be fast: no autograd, one fused kernel for the derivative of tanh, updates in place,
plain SGD as part of the product that makes the gradient.
"""

from functools import partial

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from benchmarks.cases import EPSILON, SMOOTHING

tanh_backward = torch.ops.aten.tanh_backward  # error * (1 - h * h), in one pass


def errors_of_layers(rule, weights, feedback, hidden, error):
    """Return the error at every layer, the output layer's last."""
    if rule == "dfa":
        sent = [tanh_backward(error @ b, h) for b, h in zip(feedback, hidden, strict=True)]
        return [*sent, error]
    errors = [error]
    for matrix, h in zip(weights[:0:-1], hidden[::-1], strict=True):
        errors.append(tanh_backward(errors[-1] @ matrix.T, h))
    return errors[::-1]


def rmsprop(parameter, gradient, mean_square, rate):
    """Change a parameter and its running mean square in place."""
    mean_square.mul_(SMOOTHING).addcmul_(gradient, gradient, value=1 - SMOOTHING)
    parameter.addcdiv_(gradient, mean_square.sqrt().add_(EPSILON), value=-rate)


def train_step(case, data, state, index):
    """Train on one mini-batch, in place; return its summed loss and number of wrong classes.

    Parameters
    ----------
    case : Case
    data : tuple of tensor
        Images, labels and targets of the whole training set.
    state : tuple of list of tensor
        Weights, biases, feedback matrices, running mean squares (weights', then biases').
    index : tensor of int64 (n,)
    """
    x, labels, targets = (tensor.index_select(0, index) for tensor in data)
    weights, biases, feedback, mean_squares = state
    inputs = [x]
    for matrix, bias in zip(weights[:-1], biases[:-1], strict=True):
        inputs.append(torch.addmm(bias, inputs[-1], matrix).tanh_())
    logits = torch.addmm(biases[-1], inputs[-1], weights[-1])
    loss = binary_cross_entropy_with_logits(logits, targets, reduction="sum")
    wrong = (logits.argmax(1) != labels).sum()

    scale = case.learning_rate if case.optimizer == "sgd" else 1.0
    error = (logits.sigmoid() - targets) * (scale / len(index))
    errors = errors_of_layers(case.rule, weights, feedback, inputs[1:], error)
    for layer, (received, error) in enumerate(zip(inputs, errors, strict=True)):
        if case.optimizer == "sgd":
            weights[layer].addmm_(received.T, error, alpha=-1)
            biases[layer].sub_(error.sum(0))
        else:
            gradients = (received.T @ error, error.sum(0))
            parameters = (weights[layer], biases[layer])
            squares = mean_squares[2 * layer : 2 * layer + 2]
            for arguments in zip(parameters, gradients, squares, strict=True):
                rmsprop(*arguments, case.learning_rate)
    return loss, wrong


class PyTorch:
    """Train with PyTorch in eager mode."""

    def __init__(self, problem):
        self.problem = problem
        dataset = problem.dataset
        arrays = (dataset.train_images, dataset.train_labels, dataset.train_targets)
        self.data = tuple(torch.from_numpy(array) for array in arrays)
        weights = [torch.tensor(layer.weights[0]) for layer in problem.params]
        biases = [torch.tensor(layer.biases[0, 0]) for layer in problem.params]
        feedback = [torch.tensor(matrix[0]) for matrix in problem.feedback]
        pairs = zip(weights, biases, strict=True)
        mean_squares = [torch.zeros_like(p) for pair in pairs for p in pair]
        self.state = (weights, biases, feedback, mean_squares)
        self.step = partial(train_step, problem.case)

    @torch.no_grad()
    def train_epoch(self, epoch):
        """Train on every image once."""
        order = torch.from_numpy(self.problem.order(epoch))
        total_loss = total_wrong = 0
        for index in order.split(self.problem.case.batch_size):
            loss, wrong = self.step(self.data, self.state, index)
            total_loss, total_wrong = total_loss + loss, total_wrong + wrong
        return total_loss.item(), total_wrong.item()

    def params(self):
        """Return weights and biases."""
        weights, biases, _, _ = self.state
        return [(w.numpy(), b.numpy()) for w, b in zip(weights, biases, strict=True)]


class PyTorchCompiled(PyTorch):
    """The same step through torch.compile, gather and update included."""

    def __init__(self, problem):
        super().__init__(problem)
        torch.compiler.reset()  # the compiled steps of earlier cases count towards a limit
        # One program for the batch size, one for the last batch.
        self.step = torch.compile(self.step, fullgraph=True, dynamic=False)
