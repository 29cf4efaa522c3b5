// What all rules share on the way forward. Rows are samples; a layer is
// { weights: (fan_in, fan_out), biases: (1, fan_out) }, as in dfa_utils.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  /** Propagate a batch from the input to the logits; inputs[l] is what layer l received. */
  function forwardPropagation(params, x) {
    const inputs = [x];
    for (const layer of params.slice(0, -1)) {
      inputs.push(tf.tanh(preActivations(inputs.at(-1), layer)));
    }
    return { inputs, logits: preActivations(inputs.at(-1), params.at(-1)) };
  }

  function preActivations(h, layer) {
    return tf.add(tf.matMul(h, layer.weights), layer.biases);
  }

  /** The derivative of tanh at hidden layer l, written in terms of its output. */
  function slope(forward, l) {
    return tf.sub(1, tf.square(forward.inputs[l + 1]));
  }

  /** The derivative of the summed binary cross-entropy by the logits: outputs minus targets. */
  function outputError(logits, targets) {
    return tf.sub(tf.sigmoid(logits), targets);
  }

  Object.assign(dfa, { forwardPropagation, slope, outputError });
})();
