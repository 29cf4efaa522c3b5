"""PyTorch as its tutorials have it: modules, autograd and an optimizer; back-propagation alone."""

import torch
from torch import nn

from benchmarks.cases import EPSILON, SMOOTHING


class PyTorchAutograd:
    """Train with autograd, on data that is in memory already."""

    def __init__(self, problem):
        self.problem = problem
        dataset, case = problem.dataset, problem.case
        arrays = (dataset.train_images, dataset.train_labels, dataset.train_targets)
        self.data = tuple(torch.from_numpy(array) for array in arrays)
        modules = []
        for weights, biases in problem.params:
            linear = nn.Linear(*weights.shape[1:])
            with torch.no_grad():
                linear.weight.copy_(torch.tensor(weights[0].T))
                linear.bias.copy_(torch.tensor(biases[0, 0]))
            modules += [linear, nn.Tanh()]
        self.model = nn.Sequential(*modules[:-1])
        self.loss = nn.BCEWithLogitsLoss(reduction="sum")
        parameters, rate = self.model.parameters(), case.learning_rate
        if case.optimizer == "sgd":
            self.optimizer = torch.optim.SGD(parameters, lr=rate)
        else:
            self.optimizer = torch.optim.RMSprop(parameters, lr=rate, alpha=SMOOTHING, eps=EPSILON)

    def train_epoch(self, epoch):
        """Train on every image once."""
        images, labels, targets = self.data
        total_loss = total_wrong = 0
        order = torch.from_numpy(self.problem.order(epoch))
        for index in order.split(self.problem.case.batch_size):
            logits = self.model(images[index])
            loss = self.loss(logits, targets[index])
            self.optimizer.zero_grad()
            (loss / len(index)).backward()
            self.optimizer.step()
            with torch.no_grad():
                total_loss = total_loss + loss.detach()
                total_wrong = total_wrong + (logits.argmax(1) != labels[index]).sum()
        return total_loss.item(), total_wrong.item()

    def params(self):
        """Return weights and biases."""
        linears = self.model[::2]
        return [(m.weight.detach().numpy().T, m.bias.detach().numpy()) for m in linears]
