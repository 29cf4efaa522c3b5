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
    const { seed, hidden_sizes: hidden, init_scale: initScale, feedback_scale: scale } = settings;
    const sizes = [data.trainImages.shape[1], ...hidden, data.trainTargets.shape[1]];
    const network = {
      rule,
      learningRate: settings.learning_rate,
      weightDecay: settings.weight_decay,
      params: dfa.initialiseParams(sizes, seed, initScale),
      feedback: dfa.initialiseFeedback(rule, sizes, seed, scale),
    };
    const nextOrder = dfa.shuffledOrders(data.trainImages.shape[0], seed);
    const run = { rule, network, nextOrder, epoch: 0, trainError: [], testError: [] };
    run.angles = { errors: hidden.map(() => []), matrices: hidden.map(() => []) };
    note(run, measure(network, data));
    return run;
  }

  /** Measure a network as it stands. */
  function measure(network, data) {
    return {
      testError: dfa.classificationError(network, data.testImages, data.testTargets),
      angles: {
        errors: dfa.errorAngles(network, data.testImages, data.testTargets),
        matrices: dfa.matrixAngles(network),
      },
    };
  }

  /** Add what was measured after the run's epoch to its curves. */
  function note(run, { testError, angles }) {
    const { epoch } = run;
    run.testError.push({ epoch, value: testError });
    for (const [kind, layers] of Object.entries(angles)) {
      layers.forEach((value, layer) => run.angles[kind][layer].push({ epoch, value }));
    }
  }

  /** Train every run for one epoch; yield often, so that the page can answer in between. */
  function* trainRuns(runs, data) {
    const found = [];
    for (const { network, nextOrder } of runs) {
      const trainError = yield* dfa.trainEpoch(network, data, nextOrder(), BATCH_SIZE);
      found.push({ trainError, ...measure(network, data) });
      yield;
    }
    // All at once: no curve is ahead of another, whenever somebody looks.
    runs.forEach((run, place) => {
      run.epoch += 1;
      run.trainError.push({ epoch: run.epoch, value: found[place].trainError });
      note(run, found[place]);
    });
  }

  function disposeRun({ network }) {
    tf.dispose([network.params, network.feedback]);
  }

  Object.assign(dfa, { BATCH_SIZE, loadDigits, makeRun, trainRuns, disposeRun });
})();
