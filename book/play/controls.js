// The controls of the playground: what is trained, and the buttons that train it.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  const { make } = dfa;
  const DEFAULTS = {
    bp: true,
    fa: true,
    dfa: true,
    initScale: "0.1",
    feedbackScale: "0.3",
    learningRate: "0.1",
    hidden: "32, 32",
    seed: "0",
  };
  const CHOICES = {
    initScale: ["initial weights (deviation)", ["0", "0.01", "0.1", "0.3", "1"]],
    feedbackScale: ["feedback (deviation)", ["0.02", "0.1", "0.3", "1", "2"]],
    learningRate: ["learning rate", ["0.01", "0.03", "0.1", "0.3", "1"]],
    hidden: ["hidden layers", ["32", "32, 32", "32, 32, 32, 32, 32", "100, 100", "4, 4"]],
    seed: ["seed", ["0", "1", "2", "3", "4"]],
  };

  function checkbox(rule) {
    const input = make("input", { type: "checkbox", name: rule });
    return make("label", {}, input, ` ${dfa.RULES[rule].label}`);
  }

  function choice([name, [label, values]]) {
    const select = make("select", { name }, ...values.map((value) => new Option(value)));
    return make("label", {}, `${label} `, select);
  }

  /** Make the form; `changed` is called when a setting has changed. */
  function settingsForm(changed) {
    const rules = Object.keys(dfa.RULES);
    const form = make(
      "form",
      { className: "play-controls" },
      make("fieldset", {}, make("legend", { textContent: "rules" }), ...rules.map(checkbox)),
      ...Object.entries(CHOICES).map(choice),
    );

    /** Set the controls: the defaults, but for what is given. */
    function write(settings) {
      for (const [name, value] of Object.entries({ ...DEFAULTS, ...settings })) {
        const control = form.elements[name];
        control[control.type === "checkbox" ? "checked" : "value"] = value;
      }
      changed();
    }

    function read() {
      const value = (name) => form.elements[name].value;
      return {
        rules: rules.filter((rule) => form.elements[rule].checked),
        initScale: Number(value("initScale")),
        feedbackScale: Number(value("feedbackScale")),
        learningRate: Number(value("learningRate")),
        hidden: value("hidden").split(",").map(Number),
        seed: Number(value("seed")),
      };
    }

    form.addEventListener("change", changed);
    form.addEventListener("submit", (event) => event.preventDefault());
    return { form, read, write };
  }

  /** Let the buttons of the text, hidden until now, set the controls. */
  function connectExperiments(write, place) {
    for (const button of document.querySelectorAll("[data-experiment]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        write(JSON.parse(button.dataset.experiment));
        place.scrollIntoView({ block: "start" });
        place.querySelector("button").focus({ preventScroll: true });
      });
    }
  }

  Object.assign(dfa, { settingsForm, connectExperiments });
})();
