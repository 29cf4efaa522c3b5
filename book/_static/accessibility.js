// What the theme's scripts lack for readers with a keyboard, or without a server.

// The theme takes the focus from a button that is pressed, so a reader with a keyboard would lose
// the place. It goes back to the button: at once, or when the dialog closes that it has opened.
document.addEventListener(
    "click",
    ({ target, detail }) => {
        const button = target.closest(".theme-switch-button, .search-button__button, .sidebar-toggle");
        if (button === null || detail > 0) return; // pressed with a pointer
        setTimeout(() => {
            const dialog = document.querySelector("dialog:modal");
            if (dialog === null) button.focus();
            else dialog.addEventListener("close", () => button.focus(), { once: true });
        });
    },
    true,
);

// The search shows excerpts of the pages that it has found, and browsers let no file read another.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
