// Load what the interactive figures of a page need, one script after the other, and start them.

(function () {
  "use strict";

  const CHARTS = ["d3.js", "plot.js", "rules.js", "elements.js", "charts.js"];
  const TRAINING = ["tf-core.js", "tf-backend-cpu.js", "propagation.js", "learning_rules.js"];
  const NEEDS = {
    embeddings: [...CHARTS, "embeddings.js"],
    epochs: [...CHARTS, "epochs.js"],
    playground: [
      ...CHARTS,
      ...TRAINING,
      ...["training.js", "alignment.js", "randomness.js", "digits.js", "runs.js"],
      ...["settings.js", "controls.js", "link.js", "download.js", "results.js", "playground.js"],
    ],
  };
  const FOLDER = new URL(".", document.currentScript.src).href;

  function append(tag, attributes) {
    return new Promise((resolve, reject) => {
      const element = Object.assign(document.createElement(tag), attributes);
      element.onload = resolve;
      element.onerror = () => reject(new Error(`${element.src ?? element.href} was not loaded`));
      document.head.append(element);
    });
  }

  async function start(place) {
    place.dataset.ready = "false"; // this script is there once for each figure of a page
    const kind = place.dataset.play;
    const json = place.querySelector('script[type="application/json"]');
    await append("link", { rel: "stylesheet", href: `${FOLDER}play.css` });
    for (const name of NEEDS[kind]) {
      await append("script", { src: FOLDER + name });
    }
    place.replaceChildren();
    dfa.figures[kind](place, json && JSON.parse(json.textContent));
    document.getElementById(place.dataset.still)?.style.setProperty("display", "none");
    place.dataset.ready = "true";
  }

  document.querySelectorAll("[data-play]:not([data-ready])").forEach(start);
})();
