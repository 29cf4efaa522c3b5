"""axe-core's verdict on a page: the rules of WCAG 2.0, 2.1 and 2.2, levels A and AA."""

from axe_playwright_python.sync_playwright import Axe

OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "rules": {"target-size": {"enabled": True}},  # AA since 2.2; axe-core leaves it off
    "resultTypes": ["violations"],
}
AXE = Axe()


def violations(page):
    """Return what is wrong on a page as it is now, one line for each element and rule."""
    return [
        f"{rule['id']}: {element['html']}\n    {element['failureSummary']}"
        for rule in AXE.run(page, options=OPTIONS).response["violations"]
        for element in rule["nodes"]
    ]
