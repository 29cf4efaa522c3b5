"""This project: `dfa_utils.training.train`, one epoch at a time."""

from benchmarks.plan import EPSILON, SMOOTHING
from dfa_utils.learning_rules import LEARNING_RULES
from dfa_utils.optimizers import SGD, RMSprop
from dfa_utils.training import train


def be_silent(*values):
    """Report nothing."""


class Project:
    """Train as the notebooks do; each call continues from the parameters of the last."""

    def __init__(self, problem):
        self.problem, self.trained = problem, problem.params
        rate = problem.case.learning_rate
        self.optimizer = {
            "sgd": SGD(rate),
            "rmsprop": RMSprop(rate, smoothing=SMOOTHING, epsilon=EPSILON),
        }[problem.case.optimizer]

    def train_epoch(self, epoch):
        """Train on every image once."""
        problem = self.problem
        self.trained, history = train(
            LEARNING_RULES[problem.case.rule],
            self.trained,
            problem.dataset,
            feedback=problem.feedback,
            optimizer=self.optimizer,
            batch_size=problem.case.batch_size,
            num_epochs=1,
            first_epoch=epoch,
            seeds=range(problem.case.seeds),
            report=be_silent,
        )
        count = len(problem.dataset.train_labels)
        return history.train_loss[0] * count, history.train_error[0] * count / 100

    def params(self):
        """Return weights and biases."""
        return [tuple(layer) for layer in self.trained]
