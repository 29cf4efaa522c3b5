"""JAX: the whole epoch is one compiled program, a scan over its batches with the gather inside."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.cases import EPSILON, SMOOTHING


def errors_of_layers(rule, weights, feedback, hidden, error):
    """Return the error at every layer, the output layer's last."""
    if rule == "dfa":
        sent = [(error @ b) * (1 - h * h) for b, h in zip(feedback, hidden, strict=True)]
        return [*sent, error]
    errors = [error]
    for matrix, h in zip(weights[:0:-1], hidden[::-1], strict=True):
        errors.append((errors[-1] @ matrix.T) * (1 - h * h))
    return errors[::-1]


def train_step(case, data, feedback, state, index):
    """Train on one mini-batch: the new state, and the summed loss and number of wrong classes.

    Parameters
    ----------
    case : Case
    data : tuple of array
        Images, labels and targets of the whole training set.
    feedback : list of array
    state : (list, list)
        Parameters as pairs (weights, biases), and their running mean squares.
    index : array of int32 (n,)
    """
    x, labels, targets = (array.at[index].get(mode="promise_in_bounds") for array in data)
    params, mean_squares = state
    inputs = [x]
    for weights, biases in params[:-1]:
        inputs.append(jnp.tanh(inputs[-1] @ weights + biases))
    logits = inputs[-1] @ params[-1][0] + params[-1][1]
    loss = jnp.sum(jax.nn.softplus(logits) - targets * logits)
    wrong = jnp.sum(jnp.argmax(logits, axis=1) != labels)

    scale = case.learning_rate if case.optimizer == "sgd" else 1.0
    error = (jax.nn.sigmoid(logits) - targets) * (scale / len(index))
    matrices = [weights for weights, _ in params]
    errors = errors_of_layers(case.rule, matrices, feedback, inputs[1:], error)
    gradients = [(h.T @ e, jnp.sum(e, axis=0)) for h, e in zip(inputs, errors, strict=True)]
    if case.optimizer == "sgd":
        params = jax.tree.map(jnp.subtract, params, gradients)
    else:
        mean_squares = jax.tree.map(
            lambda m, g: SMOOTHING * m + (1 - SMOOTHING) * g * g, mean_squares, gradients
        )
        params = jax.tree.map(
            lambda p, g, m: p - case.learning_rate * g / (jnp.sqrt(m) + EPSILON),
            params,
            gradients,
            mean_squares,
        )
    return (params, mean_squares), jnp.stack([loss, wrong.astype(loss.dtype)])


@partial(jax.jit, static_argnums=0, donate_argnums=3)
def train_epoch(case, data, feedback, state, order):
    """Train on every image once: the new state, and the sums of the losses and wrong classes."""
    step = partial(train_step, case, data, feedback)
    full = len(order) - len(order) % case.batch_size
    state, sums = jax.lax.scan(step, state, order[:full].reshape(-1, case.batch_size))
    total = jnp.sum(sums, axis=0)
    if full < len(order):
        state, last = step(state, order[full:])
        total = total + last
    return state, total


class JaxScan:
    """Train with JAX on the CPU."""

    def __init__(self, problem):
        self.problem = problem
        dataset = problem.dataset
        arrays = (dataset.train_images, dataset.train_labels, dataset.train_targets)
        self.data = tuple(jnp.asarray(array) for array in arrays)
        self.feedback = [jnp.asarray(matrix[0]) for matrix in problem.feedback]
        params = [(jnp.array(w[0]), jnp.array(b[0, 0])) for w, b in problem.params]
        self.state = (params, jax.tree.map(jnp.zeros_like, params))

    def train_epoch(self, epoch):
        """Train on every image once."""
        order = jnp.asarray(self.problem.order(epoch).astype(np.int32))
        self.state, total = train_epoch(
            self.problem.case, self.data, self.feedback, self.state, order
        )
        jax.block_until_ready(self.state)  # JAX returns before the work is done
        return tuple(np.asarray(total))

    def params(self):
        """Return weights and biases."""
        return [tuple(np.asarray(a) for a in pair) for pair in self.state[0]]
