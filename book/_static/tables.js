// A table that scrolls sideways in its own box shows that there is more, and can be reached and
// read with a keyboard.
"use strict";

function nameOf(box) {
    const caption = box.querySelector("caption");
    const heading = box.closest("section")?.querySelector("h1, h2, h3, h4");
    // Without the sign that links to the place itself.
    const text = (caption ?? heading)?.textContent.replace(/#$/, "").trim();
    return text ? `Table: ${text}` : "Table";
}

function mark(box) {
    const hidden = box.scrollWidth - box.clientWidth;
    box.classList.toggle("more-to-come", hidden - box.scrollLeft > 1);
    if (hidden > 0) {
        box.tabIndex = 0;
        box.setAttribute("role", "region");
        box.setAttribute("aria-label", nameOf(box));
    } else {
        ["tabindex", "role", "aria-label"].forEach((name) => box.removeAttribute(name));
    }
}

window.addEventListener("load", () => {
    const resized = new ResizeObserver((entries) => entries.forEach(({ target }) => mark(target)));
    for (const box of document.querySelectorAll(".pst-scrollable-table-container")) {
        box.addEventListener("scroll", () => mark(box), { passive: true });
        resized.observe(box);
    }
});
