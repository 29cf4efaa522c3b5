// The address of the page says how the playground is set; a button copies it.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  const { button, make } = dfa;

  /** The settings that the address says, or null: it may lead to a heading, or nowhere. */
  function settingsInAddress() {
    const text = location.hash.slice(1);
    return dfa.saysSettings(text) ? dfa.settingsFrom(text) : null;
  }

  function linkTo(settings) {
    return new URL(`#${dfa.textOf(settings)}`, location.href).href;
  }

  /** Make the button; `keep` writes the settings of the moment into the address. */
  function linkControls(read) {
    const said = make("span", { attributes: { role: "status" } });
    const field = make("input", { type: "text", readOnly: true, hidden: true });
    field.setAttribute("aria-label", "Link to these settings");

    async function copy() {
      const link = linkTo(read());
      said.textContent = ""; // so that the same words are said again
      try {
        await navigator.clipboard.writeText(link);
        field.hidden = true;
        said.textContent = "The link is copied.";
      } catch {
        // Browsers may forbid it, and offer no clipboard outside of secure pages.
        Object.assign(field, { value: link, hidden: false });
        field.focus();
        field.select();
        said.textContent = "The browser lets no page copy: the link is selected, copy it.";
      }
    }

    function keep() {
      field.hidden = true;
      said.textContent = "";
      history.replaceState(history.state, "", linkTo(read()));
    }

    const element = make("div", { className: "play-controls" });
    element.append(button("Copy link to these settings", copy), field, said);
    return { element, keep };
  }

  Object.assign(dfa, { linkControls, settingsInAddress });
})();
