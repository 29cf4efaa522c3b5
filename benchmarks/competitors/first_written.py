"""The way one first writes it: NumPy in its default float64, fed by a DataLoader of PyTorch.

Every image passes through PIL and the transforms of torchvision in every epoch; every batch is
turned into a NumPy array, its labels into one-hot rows; gradients are written out by hand.
"""

import numpy as np
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import transforms

from benchmarks.cases import EPSILON, SMOOTHING


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class Images:
    """Images and labels as `torchvision.datasets.MNIST` gives them, one at a time."""

    def __init__(self, dataset):
        pixels = np.rint((dataset.train_images + 1) / 2 * 255).astype(np.uint8)
        self.pixels = pixels.reshape(-1, *dataset.image_shape)
        self.labels = dataset.train_labels
        self.transform = transforms.Compose(
            [transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))]
        )

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.pixels[index])), int(self.labels[index])


class FirstWritten:
    """Train with NumPy in double precision."""

    def __init__(self, problem):
        self.problem = problem
        self.images = Images(problem.dataset)
        self.weights = [layer.weights[0].astype(np.float64) for layer in problem.params]
        self.biases = [layer.biases[0, 0].astype(np.float64) for layer in problem.params]
        self.feedback = [matrix[0].astype(np.float64) for matrix in problem.feedback]
        self.weight_squares = [np.zeros_like(w) for w in self.weights]
        self.bias_squares = [np.zeros_like(b) for b in self.biases]

    def train_epoch(self, epoch):
        """Train on every image once."""
        case = self.problem.case
        order = self.problem.order(epoch)  # the same for all; else it would say shuffle=True
        total_loss = total_wrong = 0
        for images, labels in DataLoader(self.images, batch_size=case.batch_size, sampler=order):
            x = images.numpy().reshape(len(images), -1).astype(np.float64)
            targets = np.eye(self.problem.dataset.num_classes)[labels.numpy()]
            outputs, hidden = self.forward(x)
            total_loss -= np.sum(targets * np.log(outputs) + (1 - targets) * np.log(1 - outputs))
            total_wrong += np.sum(np.argmax(outputs, axis=1) != labels.numpy())
            self.update(*self.gradients(x, hidden, (outputs - targets) / len(x)))
        return total_loss, total_wrong

    def forward(self, x):
        """Return the outputs, and what each hidden layer puts out."""
        hidden, h = [], x
        for w, b in zip(self.weights[:-1], self.biases[:-1], strict=True):
            h = np.tanh(np.dot(h, w) + b)
            hidden.append(h)
        return sigmoid(np.dot(h, self.weights[-1]) + self.biases[-1]), hidden

    def gradients(self, x, hidden, error):
        """Return the gradients of all weights, and those of all biases."""
        inputs = [x, *hidden]
        weight_gradients, bias_gradients = [None] * len(inputs), [None] * len(inputs)
        delta = error
        for layer in range(len(inputs) - 1, -1, -1):
            weight_gradients[layer] = np.dot(inputs[layer].T, delta)
            bias_gradients[layer] = np.sum(delta, axis=0)
            if layer > 0:
                if self.problem.case.rule == "dfa":
                    sent = np.dot(error, self.feedback[layer - 1])
                else:
                    sent = np.dot(delta, self.weights[layer].T)
                delta = sent * (1 - inputs[layer] ** 2)
        return weight_gradients, bias_gradients

    def update(self, weight_gradients, bias_gradients):
        """Take one step."""
        case = self.problem.case
        for layer in range(len(self.weights)):
            dw, db = weight_gradients[layer], bias_gradients[layer]
            if case.optimizer == "rmsprop":
                dw = self.normalised(dw, self.weight_squares, layer)
                db = self.normalised(db, self.bias_squares, layer)
            self.weights[layer] -= case.learning_rate * dw
            self.biases[layer] -= case.learning_rate * db

    def normalised(self, gradient, squares, layer):
        """Divide a gradient by the root of its running mean square."""
        squares[layer] = SMOOTHING * squares[layer] + (1 - SMOOTHING) * gradient**2
        return gradient / (np.sqrt(squares[layer]) + EPSILON)

    def params(self):
        """Return weights and biases."""
        return list(zip(self.weights, self.biases, strict=True))
