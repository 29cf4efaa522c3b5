"""The limit: the matrix products of an epoch and nothing else, into memory that is there already.

No gather, no non-linearity, no update. What computes the same products with the same BLAS cannot
be faster; a competitor with another BLAS can.
"""

import numpy as np


class Products:
    """Multiply matrices of the shapes, the type and the memory layouts of the project's step."""

    def __init__(self, problem):
        case, images = problem.case, problem.dataset.train_images
        sizes = [images.shape[1], *case.hidden_sizes, problem.dataset.num_classes]
        steps, rest = divmod(len(images), case.batch_size)
        self.plan = [(steps, products_of_step(problem, sizes, case.batch_size))]
        if rest:
            self.plan.append((1, products_of_step(problem, sizes, rest)))

    def train_epoch(self, epoch):
        """Multiply what an epoch multiplies."""
        for steps, products in self.plan:
            for _ in range(steps):
                for left, right, out in products:
                    np.matmul(left, right, out=out)


def products_of_step(problem, sizes, count):
    """Return the products of one step as triples (left, right, out).

    Parameters
    ----------
    problem : Problem
    sizes : list of int
        From the input to the output.
    count : int
        Samples of the batch.

    Returns
    -------
    list of (array, array, array)
    """
    generator = np.random.default_rng(0)

    def random(*shape):
        return generator.standard_normal((problem.case.seeds, *shape), dtype=np.float32)

    inputs = [random(count, size) for size in sizes]
    errors = [random(count, size) for size in sizes[1:]]
    weights = [layer.weights for layer in problem.params]
    gradients = [np.empty_like(matrix) for matrix in weights]
    # Of their own, so that no product changes what the next one reads.
    outs = [np.empty_like(error) for error in errors]

    products = list(zip(inputs[:-1], weights, outs, strict=True))  # forward
    if problem.case.rule == "dfa":
        products += [
            (errors[-1], matrix, out) for matrix, out in zip(problem.feedback, outs, strict=False)
        ]
    else:
        products += [
            (errors[layer], weights[layer].mT, outs[layer - 1])
            for layer in range(len(weights) - 1, 0, -1)
        ]
    transposed = [x.mT for x in inputs[:-1]]
    products += zip(transposed, errors, gradients, strict=True)
    return products
