"""A visit to one page with Chromium, and everything that went wrong on it."""

import shutil
from contextlib import contextmanager

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
TALL = {"width": 1280, "height": 2400}  # taller than the side bar
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
PATIENCE = 120_000  # milliseconds until a wait fails: for a busy machine, not for a slow page

# Drawn: the mathematics is set, the fonts are there, and what moves for a while has come to rest.
DRAWN = """async () => {
    if (window.MathJax?.startup) await MathJax.startup.promise;
    await document.fonts.ready;
    const ending = document.getAnimations().filter(
        (animation) => animation.effect.getComputedTiming().endTime < Infinity);
    await Promise.allSettled(ending.map((animation) => animation.finished));
}"""
# Whatever is folded, native or by the class of sphinx-togglebutton.
UNFOLD = """() => {
    document.querySelectorAll('details').forEach((block) => { block.open = true; });
    document.querySelectorAll('.toggle-button[aria-expanded=false]').forEach((it) => it.click());
}"""


def find_chromium():
    """Return the path of an installed Chromium or Chrome, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def launched(playwright, path):
    """Start the Chromium at `path`; yield the browser.

    Names of hosts resolve to nothing, so a page that needs one shows it.
    """
    arguments = ["--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    browser = playwright.chromium.launch(executable_path=path, args=arguments)
    try:
        yield browser
    finally:
        browser.close()


class Visit:
    """A page in a browser window of its own.

    Attributes
    ----------
    page : playwright.sync_api.Page
    address : str
        Of the site, with a slash at the end.
    requests : list of str
        The address of everything that the page asked for.
    troubles : list of str
        Errors and warnings in the console, exceptions, requests that failed or left the site.
    """

    def __init__(self, context, address):
        self.address = address
        self.requests = []
        self.troubles = []
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self._note("exception", error))
        self.page.on("request", self._note_request)
        self.page.on("requestfailed", self._note_failure)
        self.page.on("response", self._note_response)

    def _note(self, kind, what):
        self.troubles.append(f"{kind}: {what}")

    def _note_message(self, message):
        if message.type in ("error", "warning", "assert"):
            self._note(message.type, f"{message.text} at {message.location['url']}")

    def _note_request(self, request):
        self.requests.append(request.url)
        if not request.url.startswith((self.address, "data:", "blob:")):
            self._note("outside", request.url)

    def _note_failure(self, request):
        # The icon, neither picture nor script, is asked for when all else is there: who leaves the
        # page at once gives it up. One that is missing fails otherwise, or with a status.
        given_up = request.failure == "net::ERR_ABORTED" and request.resource_type == "other"
        if not given_up:
            self._note("failed", request.url)

    def _note_response(self, response):
        if response.status >= 400:
            self._note(f"status {response.status}", response.url)

    def go(self, path):
        """Open a page of the site and wait until it is drawn."""
        self.page.goto(self.address + path)
        self.wait_until_drawn()
        return self

    def wait_until_drawn(self):
        """Wait for the mathematics, the fonts and the animations of the page that is loaded."""
        self.page.evaluate(DRAWN)

    def unfold(self):
        """Open everything on the page that can be folded."""
        self.page.evaluate(UNFOLD)
        self.wait_until_drawn()

    def mode(self):
        """Return whether the page is shown "light" or "dark"."""
        return self.page.evaluate("document.documentElement.dataset.theme")


def new_reader(browser, mode="light", scripts=True, window=DESKTOP):
    """Return a context of the browser: a reader with a cache and a memory of their own.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
    mode : "light" or "dark"
        What the reader's system prefers.
    scripts : bool
        Whether scripts run.
    window : dict
        DESKTOP or PHONE.

    Returns
    -------
    playwright.sync_api.BrowserContext
    """
    return browser.new_context(
        **window, color_scheme=mode, java_script_enabled=scripts, reduced_motion="reduce"
    )


@contextmanager
def visit(browser, address, **settings):
    """Open an empty window of a new reader; yield a Visit. The settings are those of the reader."""
    context = new_reader(browser, **settings)
    try:
        yield Visit(context, address)
    finally:
        context.close()


class Readers:
    """Readers, one for each choice of settings, who look at many pages and change nothing.

    Each keeps one window, and opens one page after another in it: what pages share, files, compiled
    scripts and fonts, is there from the first one on. So a page takes about half the time that it
    takes in a new window.
    """

    def __init__(self, browser):
        self.browser = browser
        self.known = {}

    @contextmanager
    def visit(self, address, **settings):
        """Empty the window of the reader with these settings; yield its Visit."""
        name = address, repr(sorted(settings.items()))
        if name not in self.known:
            self.known[name] = Visit(new_reader(self.browser, **settings), address)
        shown = self.known[name]
        shown.page.goto("about:blank")
        shown.page.set_viewport_size(settings.get("window", DESKTOP)["viewport"])
        shown.requests.clear()
        shown.troubles.clear()
        yield shown
