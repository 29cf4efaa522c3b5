// The angle between what a rule sends a hidden layer and what back-propagation would send it.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  /** The angles, in degrees, of all hidden layers; NaN where there is no error to compare. */
  function errorAngles(network, x, targets) {
    return tf.tidy(() => {
      const forward = dfa.forwardPropagation(network.params, x);
      const error = dfa.outputError(forward.logits, targets);
      const sentBy = (rule) =>
        dfa.learningRules[rule](network.params, network.feedback, forward, error).slice(0, -1);
      const [sent, bp] = [sentBy(network.rule), sentBy("bp")];
      return sent.map((errors, layer) => meanAngle(errors, bp[layer]));
    });
  }

  /** The angle of the mean cosine between the rows of two matrices; rows of zero do not count. */
  function meanAngle(errors, others) {
    const [a, b] = [unitRows(errors), unitRows(others)];
    const both = tf.mul(a.isThere, b.isThere);
    const total = tf.sum(tf.mul(tf.mul(a.rows, b.rows), both)).dataSync()[0];
    const mean = total / tf.sum(both).dataSync()[0];
    return (180 / Math.PI) * Math.acos(Math.max(-1, Math.min(1, mean)));
  }

  function unitRows(rows) {
    // By the largest element first: the squares of small errors may underflow.
    const large = scaledRows(rows, tf.max(tf.abs(rows), 1, true)).rows;
    return scaledRows(large, tf.norm(large, 2, 1, true));
  }

  function scaledRows(rows, sizes) {
    const isThere = tf.cast(tf.greater(sizes, 0), "float32");
    return { rows: tf.div(rows, tf.add(sizes, tf.sub(1, isThere))), isThere };
  }

  Object.assign(dfa, { errorAngles });
})();
