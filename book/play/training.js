// What all rules share: the output error, the step of plain SGD, and how well a network does.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  /** The derivative of the summed binary cross-entropy by the logits: outputs minus targets. */
  function outputError(logits, targets) {
    return tf.sub(tf.sigmoid(logits), targets);
  }

  /** Change a network by one mini-batch; return how many of its samples were wrong before. */
  function trainBatch(network, x, targets) {
    const { rule, feedback, learningRate } = network;
    const { params, wrong } = tf.tidy(() => {
      const forward = dfa.forwardPropagation(network.params, x);
      const error = outputError(forward.logits, targets);
      // Gradients are linear in the error, and an error is smaller than a gradient.
      const scaled = tf.mul(error, learningRate / x.shape[0]);
      const errors = dfa.learningRules[rule](network.params, feedback, forward, scaled);
      return {
        params: network.params.map((layer, l) => ({
          weights: tf.sub(layer.weights, tf.matMul(forward.inputs[l], errors[l], true)),
          biases: tf.sub(layer.biases, tf.sum(errors[l], 0, true)),
        })),
        wrong: countWrong(forward.logits, targets),
      };
    });
    tf.dispose(network.params);
    network.params = params;
    return wrong;
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

  Object.assign(dfa, { outputError, classificationError, trainEpoch });
})();
