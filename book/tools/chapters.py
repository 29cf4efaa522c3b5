"""What a chapter's page says under its title, from the notebook's run and the repository."""

import shutil

import nbformat
from contents import OPENING, colab_address

from dfa_utils.chapter.records import read_records
from dfa_utils.sweep.words import duration

LINE = """\
:::{{div}} chapter-line
{time}[Open in Colab]({colab}) · Download {notebook} or {script}
:::

```bash
.venv/bin/papermill notebooks/{name}.ipynb out.ipynb
```
"""
DOWNLOADS = "downloads"


def write_chapter(executed, notebooks, target, config):
    """Write an executed notebook with the line under its title, and what the line offers.

    Parameters
    ----------
    executed : Path
        The executed notebook.
    notebooks : Path
        The folder of the notebooks without outputs, each as ``.ipynb`` and ``.py``.
    target : Path
        The folder to write to.
    config : dict
        What ``_config.yml`` holds.
    """
    notebook = nbformat.read(executed, as_version=4)
    opening = next((cell for cell in notebook.cells if OPENING.match(cell.source)), None)
    if opening is None:
        raise SystemExit(f"{executed}: no cell holds a title and a paragraph that sums it up")
    line = chapter_line(executed.stem, read_records(executed), config)
    found = OPENING.match(opening.source)
    title, rest = f"# {found['title']}", opening.source[found.end() :]
    opening.source = f"{title}\n\n{{.lead}}\n{found['summary']}\n\n{line}\n{rest}"
    nbformat.write(notebook, target / executed.name)

    downloads = target / DOWNLOADS
    downloads.mkdir(exist_ok=True)
    for ending in (".ipynb", ".py"):
        shutil.copy(notebooks / f"{executed.stem}{ending}", downloads)


def chapter_line(name, records, config):
    """Return the line under a chapter's title, in MyST Markdown.

    Parameters
    ----------
    name : str
        Of the notebook, without its ending.
    records : dict
        Of its run.
    config : dict
        What ``_config.yml`` holds.

    Returns
    -------
    str
    """
    colab = colab_address(name, config)
    time = ""
    if "seconds" in records:
        device = records["provenance"]["array library"]
        time = f"Took **{duration(records['seconds'])}** for this page ({device}) · "
    notebook, script = (
        f"{{download}}`{ending} <{DOWNLOADS}/{name}{ending}>`" for ending in (".ipynb", ".py")
    )
    return LINE.format(name=name, colab=colab, time=time, notebook=notebook, script=script)
