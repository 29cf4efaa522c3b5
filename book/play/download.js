// The curves as a file, made in the browser: a row for each epoch and rule, with the settings.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  const { button, make } = dfa;
  const QUANTITIES = { error: "errors", matrix: "matrices" };

  const lastEpoch = (runs) => runs.at(-1)?.epoch ?? -1;

  /** What is the same for all rows. */
  function settingsOf({ rules, angles, ...settings }) {
    return { ...settings, batch_size: dfa.BATCH_SIZE };
  }

  /** Return the rows; what has no value, such as the train error before training, is null. */
  function curveRows(runs, settings) {
    const valueAt = (points, epoch) => {
      const value = points.find((point) => point.epoch === epoch)?.value;
      return Number.isFinite(value) ? value : null;
    };
    const rowOf = (run, epoch) => {
      const row = { rule: run.rule, epoch };
      row.train_error_percent = valueAt(run.trainError, epoch);
      row.test_error_percent = valueAt(run.testError, epoch);
      for (const [name, kind] of Object.entries(QUANTITIES)) {
        run.angles[kind].forEach((points, layer) => {
          row[`${name}_angle_layer_${layer + 1}_degrees`] = valueAt(points, epoch);
        });
      }
      return { ...row, ...settingsOf(settings) };
    };
    const epochs = d3.range(lastEpoch(runs) + 1);
    return runs.flatMap((run) => epochs.map((epoch) => rowOf(run, epoch)));
  }

  /** By ending: how rows are written, and as what kind of file. */
  const FORMATS = {
    csv: ["text/csv", (rows) => `${d3.csvFormat(rows)}\n`],
    json: ["application/json", (rows) => `${JSON.stringify(rows, null, 1)}\n`],
  };

  /** Say in the file's name what it is of. */
  function fileName(runs, { rules, hidden_sizes: sizes, seed }, ending) {
    const parts = ["dfa-playground", ...rules, "layers", ...sizes, "seed", seed];
    return `${[...parts, "epochs", lastEpoch(runs)].join("-")}.${ending}`;
  }

  /** Make a button for each format; `shown` returns the runs and their settings. */
  function downloadControls(shown) {
    const save = (ending) => {
      const [type, write] = FORMATS[ending];
      const { runs, settings } = shown();
      const href = URL.createObjectURL(new Blob([write(curveRows(runs, settings))], { type }));
      make("a", { href, download: fileName(runs, settings, ending) }).click();
      setTimeout(() => URL.revokeObjectURL(href), 60_000); // some browsers read it late
    };
    const buttons = Object.keys(FORMATS).map((ending) =>
      button(`Download curves (${ending.toUpperCase()})`, () => save(ending)),
    );
    return make("div", { className: "play-controls" }, ...buttons);
  }

  Object.assign(dfa, { curveRows, downloadControls, fileName, FORMATS });
})();
