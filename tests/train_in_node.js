// Train as the playground does, outside a browser: scripts and a task come in, results go out.
//
// node train_in_node.js FOLDER < task.json > results.json; FOLDER holds the scripts of the pages.

"use strict";

const fs = require("fs");
const path = require("path");
const vm = require("vm");

// In Node, TensorFlow.js asks for modules of Node itself.
globalThis.require = require;
const SCRIPTS = ["tf-core", "tf-backend-cpu", "d3", "learning_rules", "training", "alignment"];
for (const name of [...SCRIPTS, "randomness", "runs", "digits"]) {
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

function run({ rule, params, feedback, learningRate, batchSize, orders }, data) {
  const network = {
    rule,
    learningRate,
    params: params.map(toLayer),
    feedback: feedback.map((matrix) => tf.tensor2d(matrix)),
  };
  const result = { trainError: [], testError: [], angles: [] };
  const measure = () => {
    const test = [network, data.testImages, data.testTargets];
    result.testError.push(dfa.classificationError(...test));
    result.angles.push(dfa.errorAngles(...test));
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
  return result;
}

const task = JSON.parse(fs.readFileSync(0, "utf-8"));
const data = dfa.loadDigits(dfa.digits);
if (task.describe) {
  const { sizes, seed, scale } = task.describe;
  const drawn = (rule) =>
    dfa.initialiseFeedback(rule, sizes, seed, scale).map((matrix) => matrix.arraySync());
  const describe = {
    trainImages: data.trainImages.arraySync(),
    trainTargets: data.trainTargets.arraySync(),
    testImages: data.testImages.arraySync(),
    testTargets: data.testTargets.arraySync(),
    params: dfa.initialiseParams(sizes, seed, scale).map(fromLayer),
    feedback: { bp: drawn("bp"), fa: drawn("fa"), dfa: drawn("dfa") },
    order: dfa.shuffledOrders(data.trainImages.shape[0], seed)(),
  };
  console.log(JSON.stringify(describe));
} else {
  console.log(JSON.stringify(task.runs.map((each) => run(each, data))));
}
