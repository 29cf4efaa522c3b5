// How near a rule is to back-propagation: by what it sends, and by its feedback matrices.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  /**
   * The angle, in degrees, between what the rule sends each hidden layer and what back-propagation
   * would send it; NaN where there is no error to compare.
   */
  function errorAngles({ rule, params, feedback }, x, targets) {
    return tf.tidy(() => {
      const forward = dfa.forwardPropagation(params, x);
      const error = dfa.outputError(forward.logits, targets);
      const step = { params, feedback, forward, targets, error, scale: 1 };
      const [sent, bp] = [rule, "bp"].map((name) => dfa.learningRules[name].send(step));
      return params.slice(1).map((_, layer) => meanAngle(sent[layer], bp[layer]));
    });
  }

  /**
   * The angle, in degrees, between the feedback matrix of each hidden layer and the weights above
   * in whose place it stands; NaN where a rule has no such matrices, or a weight matrix is zero.
   */
  function matrixAngles({ rule, params, feedback }) {
    return tf.tidy(() => {
      const aims = dfa.learningRules[rule].aims?.(params) ?? [];
      const row = (matrix) => tf.reshape(matrix, [1, -1]);
      return params
        .slice(1)
        .map((_, l) => (aims[l] ? meanAngle(row(feedback[l]), row(aims[l])) : NaN));
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

  Object.assign(dfa, { errorAngles, matrixAngles });
})();
