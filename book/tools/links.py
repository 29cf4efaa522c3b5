"""Ask whether what the pages, the notebooks and the references link to is still there.

A link is broken where its server says that the page is not there, or where there is no such server.
A server that refuses to answer programs tells nothing, and is only listed.
"""

import argparse
import re
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = re.compile(r"https?://[^\s<>\"'`\\{}|^\[\]]+")
DOI = re.compile(r"^\s*doi\s*=\s*[{\"]([^}\"]+)", re.MULTILINE)
LOCAL = ("localhost", "127.0.0.1")
GONE = (404, 410)
AGENT = "Mozilla/5.0 (compatible; link check of an open book)"
TRIES = 3


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="*", help="by default all texts of the book")
    parser.add_argument("--seconds", type=float, default=20, help="to wait for an answer")
    arguments = parser.parse_args()
    found = addresses(arguments.files or texts(ROOT))
    with ThreadPoolExecutor(8) as pool:
        asked = pool.map(lambda one: ask(one, arguments.seconds), found)
        answers = dict(zip(found, asked, strict=True))
    sys.exit(report(found, answers))


def texts(root):
    """Return the files in which a reader finds links, list of Path."""
    patterns = ("*.md", "book/**/*.md", "book/*.bib", "notebooks/*.py", ".github/**/*.md")
    return sorted({path for pattern in patterns for path in root.glob(pattern)})


def addresses(files):
    """Return where the links of files lead, and the files in which each stands.

    Parameters
    ----------
    files : list of Path

    Returns
    -------
    dict of str to list of Path
    """
    found = {}
    for path in files:
        text = path.read_text(encoding="utf-8")
        links = [trimmed(link) for link in ADDRESS.findall(text)]
        if path.suffix == ".bib":
            links += [f"https://doi.org/{doi}" for doi in DOI.findall(text)]
        for link in dict.fromkeys(links):
            if urlsplit(link).hostname not in LOCAL:
                found.setdefault(link.partition("#")[0], []).append(path)
    return found


def trimmed(link):
    """Return an address without what only ends the sentence, or the Markdown, around it."""
    link = link.rstrip(".,;:!?*_")
    while link.endswith(")") and link.count(")") > link.count("("):
        link = link[:-1].rstrip(".,;:!?*_")
    return link


def ask(link, seconds):
    """Ask for an address, again where the network fails, and return what came of it.

    Returns
    -------
    tuple of (bool or None, str)
        Whether it is there, None where that cannot be told, and why not.
    """
    answer = (None, "not asked")
    for attempt in range(TRIES):
        if attempt:
            time.sleep(2**attempt)
        answer = ask_once(link, seconds)
        if answer[0] is not None:
            break
    return answer


def ask_once(link, seconds):
    """Ask once; as a browser does, since many servers answer HEAD in another way."""
    request = urllib.request.Request(link, headers={"User-Agent": AGENT, "Accept": "*/*"})
    try:
        with urllib.request.urlopen(request, timeout=seconds):
            return True, ""
    except urllib.error.HTTPError as error:
        return (False if error.code in GONE else None), f"{error.code} {error.reason}"
    except urllib.error.URLError as error:
        is_nowhere = "Name or service not known" in str(error.reason)
        return (False if is_nowhere else None), str(error.reason)
    except (OSError, ValueError) as error:
        return None, str(error)


def report(found, answers):
    """Print what is broken and what cannot be told; return the exit status."""
    broken = [link for link in found if answers[link][0] is False]
    unclear = [link for link in found if answers[link][0] is None]
    for title, links in (("Cannot be told", unclear), ("Broken", broken)):
        for link in links:
            places = ", ".join(
                str(path.relative_to(ROOT)) for path in found[link] if ROOT in path.parents
            )
            print(f"{title}: {link} ({answers[link][1]}) {places}".rstrip())
    print(f"{len(found)} links: {len(broken)} broken, {len(unclear)} that cannot be told.")
    if found and len(unclear) == len(found):
        print("No server answers: is there a network?")
        return 1
    return int(bool(broken))


if __name__ == "__main__":
    main()
