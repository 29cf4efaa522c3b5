// What the playground shows of its runs: curves of errors and angles, and the last values.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  const { make } = dfa;

  /** Make the place of the results; `draw` fills it anew. */
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

    function draw(runs, epochs) {
      key.replaceChildren(dfa.legend(runs.map(({ rule }) => rule)));
      charts.replaceChildren(...chartsOf(runs, epochs));
      const layers = (runs[0]?.angles ?? []).map((_, layer) => `angle ${layer + 1}`);
      const last = (points, digits, unit) => dfa.inWords(points.at(-1)?.value, digits, unit);
      dfa.fillTable(
        table,
        `Epoch ${runs.at(-1)?.epoch ?? 0}: errors, and the angle of each hidden layer`,
        ["rule", "train error", "test error", ...layers],
        runs.map((run) => [
          dfa.RULES[run.rule].label,
          last(run.trainError, 1, " %"),
          last(run.testError, 1, " %"),
          ...run.angles.map((layer) => last(layer, 0, "°")),
        ]),
      );
    }
    return { element, draw };
  }

  function chartsOf(runs, epochs) {
    const chart = (title, points, y) =>
      dfa.curveChart({
        title,
        curves: Object.fromEntries(runs.map((run) => [run.rule, points(run)])),
        epochs,
        y,
      });
    return [
      chart("train error", (run) => run.trainError, dfa.ERROR_AXIS),
      chart("test error", (run) => run.testError, dfa.ERROR_AXIS),
      ...(runs[0]?.angles ?? []).map((_, layer) =>
        chart(`angle, hidden layer ${layer + 1}`, (run) => run.angles[layer], dfa.ANGLE_AXIS),
      ),
    ];
  }

  Object.assign(dfa, { resultsView });
})();
