// Learning rules, as those of dfa_utils: which error each layer is sent.
//
// A rule's `send` gets a step, { params, feedback, forward, targets, error, scale }, where the
// error is that of the outputs, times the scale, and returns the errors of all layers. `shapes` are
// those of its feedback matrices, from the first hidden layer up. It may have `draw`, which makes
// each matrix out of normal numbers, `adapt`, which returns the matrices after a step, and `aims`:
// what each matrix would be if it sent the true error, but for slopes.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  const { slope } = dfa;

  /** Down layer by layer; `carry` brings the error of the layer above to hidden layer l. */
  function layerByLayer({ params, forward, error }, carry) {
    const errors = [error];
    for (let l = params.length - 2; l >= 0; l -= 1) {
      errors.unshift(tf.mul(carry(errors[0], l), slope(forward, l)));
    }
    return errors;
  }

  /** Straight to every hidden layer: the same signal, through the matrix of each. */
  function straight({ feedback, forward, error }, signal) {
    const errors = feedback.map((matrix, l) =>
      tf.mul(tf.matMul(signal, matrix), slope(forward, l)),
    );
    return [...errors, error];
  }

  const transposedAbove = (params) => params.slice(1).map(({ weights }) => tf.transpose(weights));

  /** The product of the transposed weights above each hidden layer, the output's first. */
  function products(params) {
    const found = [];
    for (const matrix of transposedAbove(params).reverse()) {
      found.unshift(found.length ? tf.matMul(found[0], matrix) : matrix);
    }
    return found;
  }

  /** Back-propagation. */
  const bp = {
    sends: "the error of the layer above, through its weights",
    shapes: () => [],
    send: (step) =>
      layerByLayer(step, (error, l) => tf.matMul(error, step.params[l + 1].weights, false, true)),
  };

  /** Feedback alignment. */
  const fa = {
    sends: "the error of the layer above, through a fixed random matrix",
    shapes: (sizes) => sizes.slice(1, -1).map((width, l) => [sizes[l + 2], width]),
    aims: transposedAbove,
    send: (step) => layerByLayer(step, (error, l) => tf.matMul(error, step.feedback[l])),
  };

  /** Direct feedback alignment. */
  const direct = {
    sends: "the output error, through a fixed random matrix",
    shapes: (sizes) => sizes.slice(1, -1).map((width) => [sizes.at(-1), width]),
    aims: products,
    send: (step) => straight(step, step.error),
  };

  /** Direct random target projection. */
  const drtp = {
    ...direct,
    sends: "the target, not an error, through a fixed random matrix",
    send: (step) => straight(step, tf.mul(step.targets, -step.scale)),
  };

  /** Sign symmetry; all magnitudes of a matrix are the root mean square of what is drawn. */
  const ss = {
    ...fa,
    sends: "the error of the layer above, through the signs of its weights",
    draw: (matrix) => tf.fill(matrix.shape, Math.sqrt(tf.mean(tf.square(matrix)).dataSync()[0])),
    aims: undefined, // magnitudes are compared with nothing
    send: (step) =>
      layerByLayer(step, (error, l) => {
        const signs = tf.sign(tf.transpose(step.params[l + 1].weights));
        return tf.matMul(error, tf.mul(step.feedback[l], signs));
      }),
  };

  /** Kolen-Pollack: the matrices take the transposed steps of the weights. */
  const kp = {
    ...fa,
    sends: "the error of the layer above, through a matrix that learns",
    adapt: ({ feedback, forward }, errors, descend) =>
      feedback.map((matrix, l) => descend(matrix, errors[l + 1], forward.inputs[l + 1])),
  };

  Object.assign(dfa, { learningRules: { bp, fa, dfa: direct, drtp, ss, kp } });
})();
