// Embeddings side by side in which each image can be found: by pointing, or with a slider.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  const { asImage, make } = dfa;
  const SIZE = 220;
  const NEIGHBOURS = 10;
  const COLOURS = d3.schemeCategory10;

  dfa.figures.embeddings = (place, data) => {
    const slider = make("input", { type: "range", min: 1, max: data.labels.length, value: 1 });
    const digit = make("div", { className: "play-image", attributes: { role: "img" } });
    const shown = make("span", {});
    const table = make("table", { className: "table" });
    const panels = data.panels.map((panel) => embeddingPanel(panel, data, select));

    function select(index) {
      slider.value = index + 1;
      const name = data.classNames[data.labels[index]];
      shown.textContent = `image ${index + 1} of ${data.labels.length}, class ${name}`;
      slider.setAttribute("aria-valuetext", shown.textContent);
      showImage(digit, data.images, index, name);
      panels.forEach((panel) => panel.mark(index));
      dfa.fillTable(
        table,
        `Of its ${NEIGHBOURS} nearest neighbours, how many are of the same class`,
        ["panel", "neighbours"],
        panels.map((panel) => [panel.title, String(panel.agreeing(index))]),
      );
    }

    slider.addEventListener("input", () => select(slider.valueAsNumber - 1));
    place.append(
      make(
        "div",
        { className: "play-controls play-sticky" },
        digit,
        make("label", { className: "play-wide" }, "test image ", slider),
        shown,
      ),
      make("div", { className: "play-panels" }, ...panels.map((panel) => panel.figure)),
      table,
    );
    select(0);
  };

  /** Draw one panel; return how to mark an image in it and to count neighbours of its class. */
  function embeddingPanel({ title, points }, { labels, classNames }, select) {
    const plot = Plot.plot({
      width: SIZE,
      height: SIZE,
      margin: 8,
      axis: null,
      aspectRatio: 1,
      style: { background: "none", color: "inherit", overflow: "visible" },
      marks: [
        Plot.dot(points, { x: "0", y: "1", r: 2.5, fill: (_, i) => COLOURS[labels[i]] }),
        Plot.text(classCentres(points, labels), {
          x: "0",
          y: "1",
          text: (_, label) => classNames[label],
          className: "play-class",
        }),
      ],
    });
    asImage(plot, `${title}: a point for each test image, coloured by class`);
    const [x, y] = ["x", "y"].map((axis) => plot.scale(axis).apply);
    const placed = points.map((point) => [x(point[0]), y(point[1])]);
    const nearest = d3.Delaunay.from(placed);
    const ring = d3.select(plot).append("circle").attr("r", 7).attr("class", "play-ring");

    const point = (event) => select(nearest.find(...d3.pointer(event, plot)));
    plot.addEventListener("pointermove", point);
    plot.addEventListener("pointerdown", point);
    return {
      title,
      figure: make("figure", {}, make("figcaption", { textContent: title }), plot),
      mark: (index) => ring.attr("cx", placed[index][0]).attr("cy", placed[index][1]),
      agreeing: (index) => countAgreeing(placed, labels, index),
    };
  }

  function classCentres(points, labels) {
    const members = (label) => points.filter((_, index) => labels[index] === label);
    const middle = (label, axis) => d3.median(members(label), (point) => point[axis]);
    return d3.range(d3.max(labels) + 1).map((label) => [middle(label, 0), middle(label, 1)]);
  }

  function countAgreeing(placed, labels, index) {
    const distance = (other) =>
      Math.hypot(...[0, 1].map((axis) => placed[other][axis] - placed[index][axis]));
    const others = d3.range(placed.length).filter((other) => other !== index);
    const near = d3.sort(others, distance).slice(0, NEIGHBOURS);
    return near.filter((other) => labels[other] === labels[index]).length;
  }

  /** Show one image of the picture that holds them all. */
  function showImage(element, { height, width, columns, picture }, index, name) {
    const scale = 112 / width;
    const [column, row] = [index % columns, Math.floor(index / columns)];
    Object.assign(element.style, {
      width: `${scale * width}px`,
      height: `${scale * height}px`,
      backgroundImage: `url(${picture})`,
      backgroundSize: `${scale * width * columns}px auto`,
      backgroundPosition: `${-column * scale * width}px ${-row * scale * height}px`,
    });
    element.setAttribute("aria-label", `The image, of class ${name}.`);
  }
})();
