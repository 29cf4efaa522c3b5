// Elements of a page, made by scripts.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  /** Make an element with properties, attributes and children. */
  function make(tag, { attributes = {}, ...properties } = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    for (const [name, value] of Object.entries(attributes)) {
      element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  /** Make a button with a name, which calls a function. */
  function button(textContent, act) {
    const made = make("button", { type: "button", className: "play-button", textContent });
    made.addEventListener("click", act);
    return made;
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

  Object.assign(dfa, { make, button, fillTable, inWords });
})();
