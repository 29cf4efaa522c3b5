// What can be set in the playground, and how it is written in an address. The names are those that
// the notebooks take; what an address says otherwise counts as not said.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  const OFFERED = Object.keys(dfa.RULES).filter((rule) => rule in dfa.learningRules);
  const USUAL_RULES = ["bp", "fa", "dfa"];
  const NETWORKS = [[32], [32, 32], [32, 32, 32, 32, 32], [100, 100], [4, 4]];
  /** By name: the words of the control, what can be chosen, and what stands there at first. */
  const CHOICES = {
    init_scale: ["initial weights (deviation)", [0, 0.01, 0.1, 0.3, 1], 0.1],
    feedback_scale: ["feedback (deviation)", [0.02, 0.1, 0.3, 1, 2], 0.3],
    learning_rate: ["learning rate", [0.01, 0.03, 0.1, 0.3, 1], 0.1],
    weight_decay: ["weight decay", [0, 0.001, 0.003, 0.01], 0],
    hidden_sizes: ["hidden layers", NETWORKS, [32, 32]],
    seed: ["seed", [0, 1, 2, 3, 4], 0],
    angles: ["angles of", ["errors", "matrices"], "errors"],
  };

  /** Read settings out of the part of an address behind the #; whatever is wrong is as at first. */
  function settingsFrom(text) {
    const said = new URLSearchParams(text);
    const settings = { rules: rulesFrom(said.get("rules")) };
    for (const [name, [, values, usual]] of Object.entries(CHOICES)) {
      settings[name] = values.find((value) => String(value) === said.get(name)) ?? usual;
    }
    return settings;
  }

  function rulesFrom(text) {
    const names = text?.split(",") ?? [];
    const rules = OFFERED.filter((rule) => names.includes(rule));
    return rules.length || text === "" ? rules : USUAL_RULES;
  }

  function textOf(settings) {
    return Object.entries(settings)
      .map(([name, value]) => `${name}=${value}`)
      .join("&");
  }

  /** Whether a text says anything about settings; the name of a heading does not. */
  function saysSettings(text) {
    const names = [...new URLSearchParams(text).keys()];
    return names.some((name) => name === "rules" || Object.hasOwn(CHOICES, name));
  }

  Object.assign(dfa, { OFFERED, CHOICES, settingsFrom, saysSettings, textOf });
})();
