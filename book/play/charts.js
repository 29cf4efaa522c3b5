// Small charts of curves, one colour and one dash for each learning rule.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  const RULES = {
    bp: { label: "BP", colour: "var(--rule-bp, #0072b2)", dash: "none" },
    fa: { label: "FA", colour: "var(--rule-fa, #009e73)", dash: "2 4" },
    dfa: { label: "DFA", colour: "var(--rule-dfa, #d55e00)", dash: "9 4" },
  };

  /** Make an element with properties, attributes and children. */
  function make(tag, { attributes = {}, ...properties } = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    for (const [name, value] of Object.entries(attributes)) {
      element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
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
        stroke: RULES[rule].colour,
        strokeDasharray: RULES[rule].dash,
        strokeWidth: 2,
      }),
    );
    const bands = Object.entries(curves).map(([rule, points]) =>
      Plot.areaY(
        points.filter((point) => Number.isFinite(point.low)),
        { x: "epoch", y1: "low", y2: "high", fill: RULES[rule].colour, fillOpacity: 0.2 },
      ),
    );
    const dots = Object.entries(curves).map(([rule, points]) =>
      Plot.dot(
        points.filter((point) => point.epoch === (current ?? points.at(-1).epoch)),
        {
          x: "epoch",
          y: "value",
          fill: RULES[rule].colour,
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
  const ANGLE_AXIS = { domain: [0, 120], ticks: [0, 30, 60, 90, 120], label: "angle (degrees)" };

  /** Say which line is which rule. */
  function legend(rules) {
    return make(
      "p",
      { className: "play-legend" },
      ...rules.map((rule) => {
        const { label, colour, dash } = RULES[rule];
        const swatch = d3.create("svg:svg").attr("width", 36).attr("height", 10);
        swatch.attr("aria-hidden", "true").append("path").attr("d", "M0 5H36");
        swatch.attr("stroke", colour).attr("stroke-dasharray", dash).attr("stroke-width", 3);
        return make("span", {}, swatch.node(), ` ${label}`);
      }),
    );
  }

  /** Fill a table with a row for each rule. */
  function fillTable(table, caption, heads, rows) {
    const cell = (tag, text, scope) =>
      make(tag, { textContent: text, attributes: scope ? { scope } : {} });
    table.replaceChildren(
      make("caption", { textContent: caption }),
      make("thead", {}, make("tr", {}, ...heads.map((head) => cell("th", head, "col")))),
      make(
        "tbody",
        {},
        ...rows.map(([head, ...values]) =>
          make("tr", {}, cell("th", head, "row"), ...values.map((value) => cell("td", value))),
        ),
      ),
    );
  }

  /** Write a value with its unit, or say that there is none. */
  function inWords(value, digits, unit) {
    return Number.isFinite(value) ? `${value.toFixed(digits)}${unit}` : "none";
  }

  dfa.figures = {};
  Object.assign(dfa, {
    asImage,
    RULES,
    ERROR_AXIS,
    ANGLE_AXIS,
    make,
    curveChart,
    legend,
    fillTable,
    inWords,
  });
})();
