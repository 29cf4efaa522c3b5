// Train as the playground does, outside a browser: scripts and a task come in, results go out.
//
// node train_in_node.js FOLDER < task.json > results.json; FOLDER holds the scripts of the pages.

"use strict";

const fs = require("fs");
const path = require("path");
const vm = require("vm");

// In Node, TensorFlow.js asks for modules of Node itself.
globalThis.require = require;
const LIBRARIES = ["tf-core", "tf-backend-cpu", "d3"];
const SCRIPTS = ["rules", "propagation", "learning_rules", "training", "alignment", "randomness"];
for (const name of [...LIBRARIES, ...SCRIPTS, "digits", "runs", "settings", "download"]) {
  const file = path.join(process.argv[2], `${name}.js`);
  vm.runInThisContext(fs.readFileSync(file, "utf-8"), { filename: file });
}

const toLayer = ({ weights, biases }) => ({
  weights: tf.tensor2d(weights),
  biases: tf.tensor2d(biases),
});
const fromLayer = ({ weights, biases }) => ({
  weights: weights.arraySync(),
  biases: biases.arraySync(),
});

function run(task, data) {
  const { orders, batchSize, params, feedback, ...constants } = task;
  const network = {
    ...constants,
    params: params.map(toLayer),
    feedback: feedback.map((matrix) => tf.tensor2d(matrix)),
  };
  const result = { trainError: [], testError: [], errorAngles: [], matrixAngles: [] };
  const measure = () => {
    const test = [network, data.testImages, data.testTargets];
    result.testError.push(dfa.classificationError(...test));
    result.errorAngles.push(dfa.errorAngles(...test));
    result.matrixAngles.push(dfa.matrixAngles(network));
  };
  measure();
  const tensors = tf.memory().numTensors;
  for (const order of orders) {
    const epoch = dfa.trainEpoch(network, data, order, batchSize);
    let step = epoch.next();
    while (!step.done) {
      step = epoch.next();
    }
    result.trainError.push(step.value);
    measure();
  }
  result.leaked = tf.memory().numTensors - tensors;
  result.params = network.params.map(fromLayer);
  result.feedback = network.feedback.map((matrix) => matrix.arraySync());
  return result;
}

function describe({ sizes, seed, scale }, data) {
  const drawn = (rule) =>
    dfa.initialiseFeedback(rule, sizes, seed, scale).map((matrix) => matrix.arraySync());
  return {
    trainImages: data.trainImages.arraySync(),
    trainTargets: data.trainTargets.arraySync(),
    testImages: data.testImages.arraySync(),
    testTargets: data.testTargets.arraySync(),
    params: dfa.initialiseParams(sizes, seed, scale).map(fromLayer),
    feedback: Object.fromEntries(dfa.OFFERED.map((rule) => [rule, drawn(rule)])),
    order: dfa.shuffledOrders(data.trainImages.shape[0], seed)(),
    rules: dfa.RULES,
    offered: dfa.OFFERED.map((rule) => [rule, dfa.learningRules[rule].sends]),
    choices: dfa.CHOICES,
  };
}

/** What the playground makes of the ends of addresses, and how it would write that. */
function read(addresses) {
  return addresses.map((text) => {
    const settings = dfa.settingsFrom(text);
    return { settings, text: dfa.textOf(settings), says: dfa.saysSettings(text) };
  });
}

/** The files of a playground that has been trained for some epochs, and its curves. */
function download({ address, epochs }, data) {
  const settings = dfa.settingsFrom(address);
  const runs = settings.rules.map((rule) => dfa.makeRun(rule, settings, data));
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    for (const batch of dfa.trainRuns(runs, data)); // batch after batch
  }
  // As if somebody looked amid the next epoch, when some of the rules have done it.
  const next = dfa.trainRuns(runs, data);
  for (let batch = 0; batch < 60; batch += 1) next.next();
  const rows = dfa.curveRows(runs, settings);
  const files = Object.entries(dfa.FORMATS).map(([ending, [type, write]]) => {
    return { name: dfa.fileName(runs, settings, ending), type, text: write(rows) };
  });
  const curves = runs.map(({ rule, trainError, testError, angles }) => {
    return { rule, trainError, testError, angles };
  });
  return { files, curves };
}

const task = JSON.parse(fs.readFileSync(0, "utf-8"));
const data = dfa.loadDigits(dfa.digits);
const results = {
  runs: (runs) => runs.map((each) => run(each, data)),
  describe: (start) => describe(start, data),
  addresses: read,
  download: (settings) => download(settings, data),
};
const [[kind, given]] = Object.entries(task);
console.log(JSON.stringify(results[kind](given)));
