"""Begin a chapter: its notebook from the template, its line in the contents and in each profile.

``make new-chapter NAME=a_name`` runs this, and then writes the ``.ipynb`` and the README's list.
"""

import argparse
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = Path(__file__).resolve().parent / "template"
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="of the notebook: small letters, digits and _")
    parser.add_argument("--part", default="Use it yourself", help="of the book, by its caption")
    arguments = parser.parse_args()
    try:
        written = begin_chapter(ROOT, arguments.name, arguments.part)
    except ValueError as error:
        sys.exit(str(error))
    print("\n".join(str(path.relative_to(ROOT)) for path in written))
    print(
        f"Write the chapter in notebooks/{arguments.name}.py. Then: make sync, and to see it in "
        "the book: make book PROFILE=smoke, make serve PROFILE=smoke"
    )


def begin_chapter(root, name, part):
    """Write what a new chapter needs.

    Parameters
    ----------
    root : Path
        Of the tree.
    name : str
        Of the notebook.
    part : str
        The caption of the part of the book to whose end the chapter goes.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    ValueError
        Before anything is written: if the name is none, or taken, or there is no such part.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"NAME must be small letters, digits and single _, got {name!r}")
    notebook = root / "notebooks" / f"{name}.py"
    if notebook.exists():
        raise ValueError(f"{notebook} is there already")
    contents = root / "_toc.yml"
    texts = {contents: with_chapter(contents.read_text(encoding="utf-8"), name, part)}
    texts[notebook] = chapter_text(name)
    for profile in sorted((root / "book" / "profiles").glob("*.yml")):
        texts[profile] = profile.read_text(encoding="utf-8") + profile_entry(name, profile.stem)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return list(texts)


def chapter_text(name):
    """Return the template with the name of a chapter in it, str."""
    text = (TEMPLATE / "chapter.py").read_text(encoding="utf-8")
    return text.replace("NAME", name).replace("FIGURE", name.replace("_", "-"))


def profile_entry(name, profile):
    """Return the lines of a chapter in a profile: its own parameters, small ones in ``smoke``."""
    small = TEMPLATE / f"{profile}.yml"
    if small.exists():
        return f"{name}:\n{small.read_text(encoding='utf-8')}"
    return f"{name}: {{}}\n"


def with_chapter(contents, name, part):
    """Return the text of ``_toc.yml`` with a chapter at the end of a part.

    Comments and layout stay as they are, so the line is put into the text.
    """
    captions = [one["caption"] for one in yaml.safe_load(contents)["parts"]]
    if part not in captions:
        raise ValueError(f"PART must be one of {', '.join(captions)}; got {part!r}")
    start = contents.index(f"- caption: {part}\n")
    rest = re.compile(r"^  - caption: ", re.MULTILINE).search(contents, start + 1)
    end = rest.start() if rest else len(contents)
    return f"{contents[:end].rstrip()}\n      - file: notebooks/{name}\n{contents[end:]}"


if __name__ == "__main__":
    main()
