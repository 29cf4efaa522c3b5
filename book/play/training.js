// What all rules share: the step of plain SGD, and how well a network does.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  /** Change a network by one mini-batch; return how many of its samples were wrong before. */
  function trainBatch(network, x, targets) {
    const { params, feedback, learningRate, weightDecay } = network;
    const rule = dfa.learningRules[network.rule];
    const kept = 1 - learningRate * weightDecay;
    /** Move a matrix against the gradient left^T right; with decay it shrinks before. */
    const descend = (matrix, left, right) =>
      tf.sub(weightDecay ? tf.mul(matrix, kept) : matrix, tf.matMul(left, right, true));

    const after = tf.tidy(() => {
      const forward = dfa.forwardPropagation(params, x);
      // Gradients are linear in the error, and an error is smaller than a gradient.
      const scale = learningRate / x.shape[0];
      const error = tf.mul(dfa.outputError(forward.logits, targets), scale);
      const step = { params, feedback, forward, targets, error, scale };
      const errors = rule.send(step);
      return {
        params: params.map(({ weights, biases }, l) => ({
          weights: descend(weights, forward.inputs[l], errors[l]),
          biases: tf.sub(biases, tf.sum(errors[l], 0, true)),
        })),
        feedback: rule.adapt?.(step, errors, descend),
        wrong: countWrong(forward.logits, targets),
      };
    });
    tf.dispose(params);
    network.params = after.params;
    if (after.feedback) {
      tf.dispose(feedback);
      network.feedback = after.feedback;
    }
    return after.wrong;
  }

  function countWrong(logits, targets) {
    const missed = tf.notEqual(tf.argMax(logits, 1), tf.argMax(targets, 1));
    return tf.sum(tf.cast(missed, "float32")).dataSync()[0];
  }

  /** The share of images that a network classifies wrongly, in percent. */
  function classificationError(network, x, targets) {
    return tf.tidy(() => {
      const { logits } = dfa.forwardPropagation(network.params, x);
      return (100 * countWrong(logits, targets)) / x.shape[0];
    });
  }

  /** Yield after every mini-batch of an epoch; return the running train error, in percent. */
  function* trainEpoch(network, data, order, batchSize) {
    let wrong = 0;
    for (let start = 0; start < order.length; start += batchSize) {
      const batch = order.slice(start, start + batchSize);
      const [x, targets] = [
        tf.gather(data.trainImages, batch),
        tf.gather(data.trainTargets, batch),
      ];
      wrong += trainBatch(network, x, targets);
      tf.dispose([x, targets]);
      yield;
    }
    return (100 * wrong) / order.length;
  }

  Object.assign(dfa, { classificationError, trainEpoch });
})();
