"""DFA in JAX: a function whose gradient is DFA's, to hand to ``jax.grad`` and to any optimizer."""

import jax
import jax.numpy as jnp


def dfa_surrogate(params, feedback, x, targets):
    """Return a number that means nothing, but whose gradient by ``params`` is that of DFA.

    Each layer is cut off from those below it. Its outputs are multiplied by the error that it is
    sent, which counts as constant; so that error is what comes back to it. The outputs are
    logistic, the loss is binary cross-entropy, summed over the batch.

    Parameters
    ----------
    params : list of (jax.Array (fan_in, fan_out), jax.Array (fan_out,))
        Weights and biases; the hidden units are tanh.
    feedback : list of jax.Array (classes, width)
        One matrix for each hidden layer.
    x : jax.Array (n, features)
    targets : jax.Array (n, classes)

    Returns
    -------
    jax.Array ()
    """
    constant, hidden = jax.lax.stop_gradient, [x]
    for weights, biases in params[:-1]:
        hidden.append(jnp.tanh(constant(hidden[-1]) @ weights + biases))
    weights, biases = params[-1]
    logits = constant(hidden[-1]) @ weights + biases
    error = constant(jax.nn.sigmoid(logits) - targets)
    sent = [error @ B for B in feedback]
    return sum(map(jnp.vdot, sent, hidden[1:])) + jnp.vdot(error, logits)
