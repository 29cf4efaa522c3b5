"""axe-core's verdict on a page: the rules of WCAG 2.0, 2.1 and 2.2, levels A and AA."""

from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe

OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "rules": {
        "target-size": {"enabled": True},  # AA since 2.2; axe-core leaves it off
    },
    "resultTypes": ["violations"],
}
# The rules whose verdict hangs on how a page is drawn, not on its elements alone.
LOOKS = [
    "color-contrast",
    "link-in-text-block",
    "scrollable-region-focusable",
    "target-size",
]
# Marks three texts of each look: the colours of the text and of all that lies behind it, its size
# and its weight. Contrast is the same for all of one look, and asking takes axe-core milliseconds
# for each text; three, since one may lie under something else, where it cannot tell.
MARK = """() => {
    const behind = new Map([[null, '']]);
    const ground = (element) => {
        if (!behind.has(element)) {
            const { backgroundColor, backgroundImage, opacity, filter } = getComputedStyle(element);
            const own = [backgroundColor, backgroundImage, opacity, filter].join();
            const plain = own === 'rgba(0, 0, 0, 0),none,1,none';
            behind.set(element, ground(element.parentElement) + (plain ? '' : `${own};`));
        }
        return behind.get(element);
    };
    const counts = new Map();
    for (const element of document.querySelectorAll('body, body *')) {
        delete element.dataset.asked;
        const says = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim();
        const isText = [...element.childNodes].some(says) || element.matches('input, select');
        if (!isText || !element.checkVisibility({ visibilityProperty: true })) continue;
        const { color, fontSize, fontWeight, textShadow } = getComputedStyle(element);
        const look = [color, fontSize, fontWeight, textShadow, ground(element)].join();
        counts.set(look, (counts.get(look) ?? 0) + 1);
        if (counts.get(look) <= 3) element.dataset.asked = '';
    }
}"""
ASK_THE_MARKED = """
axe.configure({ rules: [{ id: 'color-contrast', selector: '[data-asked]' }] });
"""
AXE = Axe(AXE_SCRIPT + ASK_THE_MARKED)


def violations(page, within=None, rules=None):
    """Return what is wrong on a page as it is now, one line for each element and rule.

    Parameters
    ----------
    page : playwright.sync_api.Page
    within : str, optional
        A selector: only what is inside.
    rules : list of str, optional
        Only these.
    """
    page.evaluate(MARK)
    only = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
    verdict = AXE.run(page, context=within, options=OPTIONS | only).response["violations"]
    return [
        f"{rule['id']}: {element['html']}\n    {element['failureSummary']}"
        for rule in verdict
        for element in rule["nodes"]
    ]
