// Runs side by side: the same data, initial weights and orders of samples under each rule.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  const BATCH_SIZE = 32;

  /** Turn the packed digits into tensors, with pixels from -1 to 1 as in the book's runs. */
  function loadDigits({ features, classes, brightest, train, test }) {
    const darkest = "a".charCodeAt(0);
    const images = ({ images: letters }) => {
      const pixel = (letter) => (2 * (letter.charCodeAt(0) - darkest)) / brightest - 1;
      return tf.tensor2d(Float32Array.from(letters, pixel), [letters.length / features, features]);
    };
    const targets = ({ labels }) => {
      const indices = tf.tensor1d(Array.from(labels, Number), "int32");
      return tf.cast(tf.oneHot(indices, classes), "float32");
    };
    return {
      trainImages: images(train),
      trainTargets: targets(train),
      testImages: images(test),
      testTargets: targets(test),
    };
  }

  function makeRun(rule, settings, data) {
    const { seed, hidden, initScale, feedbackScale, learningRate } = settings;
    const sizes = [data.trainImages.shape[1], ...hidden, data.trainTargets.shape[1]];
    const network = {
      rule,
      learningRate,
      params: dfa.initialiseParams(sizes, seed, initScale),
      feedback: dfa.initialiseFeedback(rule, sizes, seed, feedbackScale),
    };
    const nextOrder = dfa.shuffledOrders(data.trainImages.shape[0], seed);
    const run = { rule, network, nextOrder, epoch: 0, trainError: [], testError: [] };
    run.angles = hidden.map(() => []);
    measure(run, data);
    return run;
  }

  /** Note the test error and the angles of a run as it stands. */
  function measure(run, data) {
    const { network, epoch } = run;
    const value = dfa.classificationError(network, data.testImages, data.testTargets);
    run.testError.push({ epoch, value });
    const angles = dfa.errorAngles(network, data.testImages, data.testTargets);
    angles.forEach((angle, layer) => run.angles[layer].push({ epoch, value: angle }));
  }

  /** Train every run for one epoch; yield often, so that the page can answer in between. */
  function* trainRuns(runs, data) {
    for (const run of runs) {
      const value = yield* dfa.trainEpoch(run.network, data, run.nextOrder(), BATCH_SIZE);
      run.epoch += 1;
      run.trainError.push({ epoch: run.epoch, value });
      measure(run, data);
    }
  }

  function disposeRun({ network }) {
    tf.dispose([network.params, network.feedback]);
  }

  Object.assign(dfa, { loadDigits, makeRun, trainRuns, disposeRun });
})();
