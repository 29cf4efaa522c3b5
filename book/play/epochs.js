// Errors and alignment angles of stored runs, epoch by epoch, under a slider.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  const { make } = dfa;

  dfa.figures.epochs = (place, { runs }) => {
    const starts = Object.keys(runs);
    const rulesOf = (start) => Object.keys(dfa.RULES).filter((rule) => runs[start][rule]);
    const last = runs[starts[0]][rulesOf(starts[0])[0]].testError.mean.length;

    const start = make("select", {}, ...starts.map((name) => new Option(name)));
    const slider = make("input", { type: "range", min: 0, max: last, value: 0 });
    const shown = make("span", {});
    const charts = make("div", { className: "play-charts" });
    const dials = make("div", { className: "play-dials" });
    const table = make("table", { className: "table" });

    function draw() {
      const epoch = slider.valueAsNumber;
      const run = runs[start.value];
      const rules = rulesOf(start.value);
      shown.textContent = epoch ? `after epoch ${epoch}` : "before training";
      slider.setAttribute("aria-valuetext", shown.textContent);
      charts.replaceChildren(
        errorChart(run, rules, last, epoch),
        ...angleCharts(run, rules, epoch),
      );
      dials.replaceChildren(
        ...rules.filter((rule) => rule !== "bp").map((rule) => dialsOf(rule, run[rule], epoch)),
      );
      const layers = run[rules[0]].angles.map((_, layer) => `angle, layer ${layer + 1}`);
      dfa.fillTable(
        table,
        `Means over the seeds, lowest and highest seed, ${shown.textContent}`,
        ["rule", "test error", ...layers],
        rules.map((rule) => [
          dfa.RULES[rule].label,
          withRange(run[rule].testError, epoch - 1, 1, " %"),
          ...run[rule].angles.map((layer) => withRange(layer, epoch, 0, "°")),
        ]),
      );
    }

    start.addEventListener("change", draw);
    slider.addEventListener("input", draw);
    place.append(
      make(
        "div",
        { className: "play-controls" },
        make("label", {}, "start ", start),
        make("label", { className: "play-wide" }, "epoch ", slider),
        shown,
      ),
      dfa.legend(rulesOf(starts[0])),
      charts,
      dials,
      table,
    );
    draw();
  };

  /** Write a mean, and in brackets from which to which seed it reaches. */
  function withRange({ mean, low, high }, place, digits, unit) {
    const text = dfa.inWords(mean[place], digits, unit);
    if (!Number.isFinite(mean[place])) return text;
    return `${text} (${low[place].toFixed(digits)} to ${high[place].toFixed(digits)})`;
  }

  /** Return what a chart draws of a mean and its range; `first` is the epoch of the first value. */
  function pointsOf({ mean, low, high }, first) {
    return mean.map((value, at) => ({
      epoch: at + first,
      value: value ?? NaN,
      low: low[at] ?? NaN,
      high: high[at] ?? NaN,
    }));
  }

  function curvesOf(rules, points) {
    return Object.fromEntries(rules.map((rule) => [rule, points(rule)]));
  }

  function errorChart(run, rules, epochs, current) {
    const points = (rule) => pointsOf(run[rule].testError, 1);
    const curves = curvesOf(rules, points);
    return dfa.curveChart({ title: "test error", curves, epochs, current, y: dfa.ERROR_AXIS });
  }

  function angleCharts(run, rules, current) {
    const points = (rule, number) => pointsOf(run[rule].angles[number], 0);
    const layers = d3.range(run[rules[0]].angles.length);
    const y = dfa.angleAxis(rules.flatMap((rule) => layers.flatMap((l) => points(rule, l))));
    return layers.map((number) =>
      dfa.curveChart({
        title: `angle, hidden layer ${number + 1}`,
        curves: curvesOf(rules, (rule) => points(rule, number)),
        epochs: run[rules[0]].angles[number].mean.length - 1,
        current,
        y,
      }),
    );
  }

  /** Draw, for each layer, the true error as one arrow and what the rule sends as another. */
  function dialsOf(rule, { angles }, epoch) {
    const { label, colour } = dfa.RULES[rule];
    const dials = angles.map((layer, number) => {
      const angle = layer.mean[epoch];
      const words = `${label}, layer ${number + 1}: ${dfa.inWords(angle, 0, "°")}`;
      const svg = d3.create("svg:svg").attr("viewBox", "-60 -56 120 64").attr("role", "img");
      svg.attr("aria-label", words).attr("width", 150);
      arrow(svg, 0, "currentColor");
      if (angle !== null) {
        arrow(svg, angle, colour);
      }
      return make("figure", {}, svg.node(), make("figcaption", { textContent: words }));
    });
    return make("div", { className: "play-dial-row" }, ...dials);
  }

  function arrow(svg, angle, colour) {
    const group = svg.append("g").attr("transform", `rotate(${-angle})`);
    group.append("path").attr("d", "M0 0H44").attr("stroke", colour).attr("stroke-width", 3);
    group.append("path").attr("d", "M52 0L41 -5V5Z").attr("fill", colour);
  }
})();
