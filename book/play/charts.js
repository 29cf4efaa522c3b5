// Small charts of curves, one colour and one dash for each learning rule.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  const { make } = dfa;
  const LINE = 2; // pixels

  /** The dashes of a rule, in pixels; dfa.RULES has them in widths of the line. */
  function dashesOf(rule, width) {
    return dfa.RULES[rule].dashes.map((dash) => (dash * width).toFixed(1)).join(" ") || "none";
  }

  /** Make one image of a plot. The groups that Plot names cannot be named: they have no role. */
  function asImage(plot, name) {
    for (const group of plot.querySelectorAll("g[aria-label]")) group.removeAttribute("aria-label");
    plot.setAttribute("role", "img");
    plot.setAttribute("aria-label", name);
    return plot;
  }

  /**
   * Draw one curve for each rule: curves[rule] is a list of { epoch, value }, and a band around it
   * where the values have { low, high } as well.
   */
  function curveChart({ title, curves, epochs, y, current }) {
    const lines = Object.entries(curves).map(([rule, points]) =>
      Plot.line(points, {
        x: "epoch",
        y: "value",
        stroke: dfa.RULES[rule].colour,
        strokeDasharray: dashesOf(rule, LINE),
        strokeWidth: LINE,
      }),
    );
    const bands = Object.entries(curves).map(([rule, points]) =>
      Plot.areaY(
        points.filter((point) => Number.isFinite(point.low)),
        { x: "epoch", y1: "low", y2: "high", fill: dfa.RULES[rule].colour, fillOpacity: 0.2 },
      ),
    );
    const dots = Object.entries(curves).map(([rule, points]) =>
      Plot.dot(
        points.filter((point) => point.epoch === (current ?? points.at(-1).epoch)),
        {
          x: "epoch",
          y: "value",
          fill: dfa.RULES[rule].colour,
          r: 4,
        },
      ),
    );
    const marker = current === undefined ? [] : [Plot.ruleX([current], { strokeOpacity: 0.6 })];
    const plot = Plot.plot({
      width: 300,
      height: 210,
      marginLeft: 44,
      marginBottom: 40,
      style: { background: "none", color: "inherit", fontSize: "12px" },
      x: { domain: [0, Math.max(epochs, 1)], label: "epoch", ticks: 5, tickFormat: "d" },
      y: { grid: true, ...y },
      marks: [...marker, ...bands, ...lines, ...dots],
    });
    return make("figure", {}, make("figcaption", { textContent: title }), asImage(plot, title));
  }

  /** Errors on a logarithmic axis; what is below its end, zero too, lies on the axis. */
  const ERROR_AXIS = { type: "log", domain: [0.2, 100], clamp: true, label: "error (%)" };
  ERROR_AXIS.ticks = [0.3, 1, 3, 10, 30, 100];
  ERROR_AXIS.tickFormat = "~r";

  /** Angles rarely go far beyond a right one; where they do, the axis reaches to all there are. */
  function angleAxis(points) {
    const most = d3.max(points, ({ value, high }) => Math.max(value, high || value));
    const end = most > 120 ? 180 : 120;
    return { domain: [0, end], ticks: d3.range(0, end + 1, 30), label: "angle (degrees)" };
  }

  /** Say which line is which rule. */
  function legend(rules) {
    return make(
      "p",
      { className: "play-legend" },
      ...rules.map((rule) => {
        const { label, colour } = dfa.RULES[rule];
        const swatch = d3.create("svg:svg").attr("width", 48).attr("height", 10);
        swatch.attr("aria-hidden", "true").append("path").attr("d", "M0 5H48");
        swatch.attr("stroke", colour).attr("stroke-width", LINE + 1);
        swatch.attr("stroke-dasharray", dashesOf(rule, LINE + 1));
        return make("span", {}, swatch.node(), ` ${label}`);
      }),
    );
  }

  dfa.figures = {};
  Object.assign(dfa, { asImage, ERROR_AXIS, angleAxis, curveChart, legend });
})();
