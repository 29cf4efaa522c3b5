// A table that scrolls sideways in its own box can be reached and read with a keyboard.
"use strict";

function nameOf(box) {
    const caption = box.querySelector("caption");
    const heading = box.closest("section")?.querySelector("h1, h2, h3, h4");
    // Without the sign that links to the place itself.
    const text = (caption ?? heading)?.textContent.replace(/#$/, "").trim();
    return text ? `Table: ${text}` : "Table";
}

function markScrollingTables() {
    for (const box of document.querySelectorAll(".pst-scrollable-table-container")) {
        if (box.scrollWidth > box.clientWidth) {
            box.tabIndex = 0;
            box.setAttribute("role", "region");
            box.setAttribute("aria-label", nameOf(box));
        } else {
            ["tabindex", "role", "aria-label"].forEach((name) => box.removeAttribute(name));
        }
    }
}

window.addEventListener("load", markScrollingTables);
window.addEventListener("resize", markScrollingTables);
