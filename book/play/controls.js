// The controls of the playground: what is trained and shown.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  const { make } = dfa;
  const WORDS = { errors: "what is sent", matrices: "the feedback matrices" };

  /** A rule to choose, and in a line what it sends. */
  function ruleRow(rule) {
    const id = `play-sends-${rule}`;
    const input = make("input", { type: "checkbox", name: "rules", value: rule });
    input.setAttribute("aria-describedby", id);
    return [
      make("label", {}, input, ` ${dfa.RULES[rule].label}`),
      make("span", { id, textContent: dfa.learningRules[rule].sends }),
    ];
  }

  function choice([name, [label, values]]) {
    const words = (value) => WORDS[value] ?? String(value).replaceAll(",", ", ");
    const options = values.map((value) => new Option(words(value), value));
    return make("label", {}, `${label} `, make("select", { name }, ...options));
  }

  /** Make the form; `changed` is called with the name of the control that a reader has changed. */
  function settingsForm(changed) {
    const form = make(
      "form",
      { className: "play-controls" },
      make(
        "fieldset",
        { className: "play-rules" },
        make("legend", { textContent: "rules, and what each sends to a hidden layer" }),
        ...dfa.OFFERED.flatMap(ruleRow),
      ),
      ...Object.entries(dfa.CHOICES).map(choice),
    );
    const boxes = [...form.querySelectorAll("[name=rules]")];
    const selects = [...form.querySelectorAll("select")];

    function write(settings) {
      for (const box of boxes) box.checked = settings.rules.includes(box.value);
      for (const select of selects) select.value = String(settings[select.name]);
    }

    function read() {
      const said = Object.fromEntries(selects.map(({ name, value }) => [name, value]));
      const rules = boxes.filter((box) => box.checked).map((box) => box.value);
      return dfa.settingsFrom(dfa.textOf({ rules, ...said }));
    }

    form.addEventListener("change", (event) => changed(event.target.name));
    form.addEventListener("submit", (event) => event.preventDefault());
    return { form, read, write };
  }

  /** Let the buttons of the text, hidden until now, set the controls. */
  function connectExperiments(set, place) {
    for (const button of document.querySelectorAll("[data-experiment]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        set(dfa.settingsFrom(button.dataset.experiment));
        place.scrollIntoView({ block: "start" });
        place.querySelector("button").focus({ preventScroll: true });
      });
    }
  }

  Object.assign(dfa, { settingsForm, connectExperiments });
})();
