"""This project: a `dfa_utils.training.Run`, one epoch at a time."""

from dataclasses import replace

from benchmarks.cases import EPSILON, SMOOTHING
from dfa_utils.array import get_backend
from dfa_utils.network import Layer, Network
from dfa_utils.optimizers import SGD, RMSprop
from dfa_utils.rules import RULES
from dfa_utils.training import Recipe, Run


class Project:
    """Train as the notebooks do; each call goes on where the last one ended."""

    def __init__(self, problem):
        problem = self.placed(problem)
        case, data = problem.case, problem.dataset
        optimizer = {
            "sgd": SGD(case.learning_rate),
            "rmsprop": RMSprop(case.learning_rate, smoothing=SMOOTHING, epsilon=EPSILON),
        }[case.optimizer]
        recipe = Recipe(RULES[case.rule](), optimizer, batch_size=case.batch_size)
        network = Network.between(data, case.hidden_sizes)
        self.run = Run(network, recipe, data, range(case.seeds), params=problem.params)
        # What the run has drawn gives way to what every competitor is given.
        for drawn, given in zip(self.run.feedback, problem.feedback, strict=True):
            drawn[...] = given
        self.count = len(data.train_labels)

    def placed(self, problem):
        """Return a problem of NumPy arrays where the run is to compute."""
        return problem

    def train_epoch(self, epoch):
        """Train on every image once; epochs follow one another."""
        history = self.run.fit(epoch).history
        loss, error = history.train_loss[-1], history.train_error[-1]
        return loss * self.count, error * self.count / 100

    def params(self):
        """Return weights and biases, on the host."""
        to_host = self.run.data.backend.to_host
        return [tuple(map(to_host, layer)) for layer in self.run.params]


class ProjectOnGPU(Project):
    """The same with CuPy. An epoch has ended on the GPU too: it reads the loss from there."""

    backend = "cupy"

    def placed(self, problem):
        """Return a problem on the GPU."""
        backend, dataset = get_backend(self.backend), problem.dataset
        parts = ("images", "labels", "targets")
        names = [f"{kind}_{part}" for kind in ("train", "test") for part in parts]
        moved = {name: backend.asarray(getattr(dataset, name)) for name in names}
        return replace(
            problem,
            dataset=replace(dataset, backend=backend, **moved),
            params=[Layer(*map(backend.asarray, layer)) for layer in problem.params],
            feedback=[backend.asarray(matrix) for matrix in problem.feedback],
        )
