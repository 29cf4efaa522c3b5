// Random numbers: a seed means the same initial weights, feedback and orders in every browser.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  // The same purposes as in dfa_utils, so that rules differ in nothing but the rule.
  const PURPOSES = { parameters: 0, feedback: 1, shuffle: 2 };

  function sourceFor(seed, purpose) {
    return d3.randomLcg((seed * 3 + PURPOSES[purpose]) / 1e6);
  }

  function normalMatrix(random, [rows, columns], scale) {
    const draw = d3.randomNormal.source(random)(0, scale);
    return tf.tensor2d(Float32Array.from({ length: rows * columns }, draw), [rows, columns]);
  }

  /** Small normal weights and biases of zero. */
  function initialiseParams(sizes, seed, scale) {
    const random = sourceFor(seed, "parameters");
    return d3.pairs(sizes).map((shape) => ({
      weights: normalMatrix(random, shape, scale),
      biases: tf.zeros([1, shape[1]]),
    }));
  }

  function initialiseFeedback(rule, sizes, seed, scale) {
    const random = sourceFor(seed, "feedback");
    const { shapes, draw } = dfa.learningRules[rule];
    return tf.tidy(() =>
      shapes(sizes).map((shape) => {
        const matrix = normalMatrix(random, shape, scale);
        return draw ? draw(matrix) : matrix;
      }),
    );
  }

  /** A function that returns, at each call, the order of the samples in the next epoch. */
  function shuffledOrders(count, seed) {
    const shuffle = d3.shuffler(sourceFor(seed, "shuffle"));
    return () => shuffle(d3.range(count));
  }

  Object.assign(dfa, { initialiseParams, initialiseFeedback, shuffledOrders });
})();
