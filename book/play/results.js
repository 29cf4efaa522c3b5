// What the playground shows of its runs: curves of errors and angles, and the last values.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  const { make } = dfa;
  /** By kind of angle: how the chart of a layer is called, and of what the table tells. */
  const ANGLES = {
    errors: ["angle, hidden layer", "of what each hidden layer is sent"],
    matrices: ["angle, matrix into hidden layer", "of the matrix into each hidden layer"],
  };

  /** Make the place of the results; `draw` fills it anew, with angles of a kind. */
  function resultsView() {
    const key = make("div", {});
    const charts = make("div", { className: "play-charts" });
    const table = make("table", { className: "table" });
    const wrapper = make(
      "div",
      {
        className: "play-table",
        tabIndex: 0,
        attributes: { role: "region", "aria-label": "Table of the last values" },
      },
      table,
    );
    const element = make("div", {}, key, charts, wrapper);

    function draw(runs, epochs, kind) {
      key.replaceChildren(dfa.legend(runs.map(({ rule }) => rule)));
      charts.replaceChildren(...chartsOf(runs, epochs, kind));
      const layers = (runs[0]?.angles[kind] ?? []).map((_, layer) => `angle ${layer + 1}`);
      const last = (points, digits, unit) => dfa.inWords(points.at(-1)?.value, digits, unit);
      dfa.fillTable(
        table,
        `Epoch ${runs.at(-1)?.epoch ?? 0}: errors, and the angle ${ANGLES[kind][1]}`,
        ["rule", "train error", "test error", ...layers],
        runs.map((run) => [
          dfa.RULES[run.rule].label,
          last(run.trainError, 1, " %"),
          last(run.testError, 1, " %"),
          ...run.angles[kind].map((layer) => last(layer, 0, "°")),
        ]),
      );
    }
    return { element, draw };
  }

  function chartsOf(runs, epochs, kind) {
    const chart = (title, points, y) =>
      dfa.curveChart({
        title,
        curves: Object.fromEntries(runs.map((run) => [run.rule, points(run)])),
        epochs,
        y,
      });
    const y = dfa.angleAxis(runs.flatMap((run) => run.angles[kind].flat()));
    return [
      chart("train error", (run) => run.trainError, dfa.ERROR_AXIS),
      chart("test error", (run) => run.testError, dfa.ERROR_AXIS),
      ...(runs[0]?.angles[kind] ?? []).map((_, layer) =>
        chart(`${ANGLES[kind][0]} ${layer + 1}`, (run) => run.angles[kind][layer], y),
      ),
    ];
  }

  Object.assign(dfa, { resultsView });
})();
