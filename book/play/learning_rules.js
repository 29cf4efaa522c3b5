// Three learning rules: which error each layer is sent. Rows are samples; a layer is
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

  /** The derivative of tanh at the hidden layer below layer l, written in terms of its output. */
  function slopeBelow(forward, l) {
    return tf.sub(1, tf.square(forward.inputs[l]));
  }

  /** Back-propagation: down layer by layer, through the transposed weights. */
  function backwardPropagation(params, feedback, forward, error) {
    const errors = [error];
    for (let l = params.length - 1; l > 0; l -= 1) {
      const sent = tf.matMul(errors[0], params[l].weights, false, true);
      errors.unshift(tf.mul(sent, slopeBelow(forward, l)));
    }
    return errors;
  }

  /** Feedback alignment: down layer by layer, through fixed random matrices. */
  function feedbackAlignment(params, feedback, forward, error) {
    const errors = [error];
    for (let l = params.length - 1; l > 0; l -= 1) {
      const sent = tf.matMul(errors[0], feedback[l - 1]);
      errors.unshift(tf.mul(sent, slopeBelow(forward, l)));
    }
    return errors;
  }

  /** Direct feedback alignment: the output error straight to every hidden layer. */
  function directFeedbackAlignment(params, feedback, forward, error) {
    const errors = feedback.map((matrix, layer) =>
      tf.mul(tf.matMul(error, matrix), slopeBelow(forward, layer + 1)),
    );
    return [...errors, error];
  }

  /** The shapes of the fixed random matrices of a rule, from the first hidden layer up. */
  const feedbackShapes = {
    bp: () => [],
    fa: (sizes) => sizes.slice(1, -1).map((width, l) => [sizes[l + 2], width]),
    dfa: (sizes) => sizes.slice(1, -1).map((width) => [sizes.at(-1), width]),
  };

  Object.assign(dfa, {
    forwardPropagation,
    feedbackShapes,
    learningRules: {
      bp: backwardPropagation,
      fa: feedbackAlignment,
      dfa: directFeedbackAlignment,
    },
  });
})();
