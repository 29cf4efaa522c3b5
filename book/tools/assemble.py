"""Lay out the sources of the pages afresh: pages, chapters, numbers, pictures, scripts."""

import argparse
import importlib.util
import shutil
from pathlib import Path

import yaml
from chapters import write_chapter
from contents import colab_list, notebooks, record_tables, seconds_table
from diagrams import write_svg
from house import draw_house, rooms, rooms_table
from icons import shown_icons
from paper_table import table_numbers
from play import draw_playground, show_interactives, write_scripts
from preview import draw_preview, root_page
from status import gpu_line, parameters_list, runs_of, status_table, versions_list

from benchmarks.headlines import headline_numbers
from benchmarks.pictures import FIGURES
from dfa_utils.chapter.records import read_records
from dfa_utils.chapter.stored import load_results

ROOT = Path(__file__).resolve().parents[2]
PDF_LINK = (
    'The whole book is also <a href="../direct-feedback-alignment.pdf">one PDF</a>'
    '<span id="pdf-size"></span>, for paper.'  # the size comes when it has been printed
)
# The pages load tex-chtml.js, and it loads its fonts and what its menu offers.
UNUSED_MATHJAX = shutil.ignore_patterns("*svg*", "*mml-*", "*-full*", "adaptors", "node-main.js")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path, help="the folder to write; what it held is removed")
    parser.add_argument("notebooks", type=Path, nargs="*", help="executed notebooks")
    parser.add_argument(
        "--javascript", type=Path, required=True, help="where npm has installed the libraries"
    )
    parser.add_argument("--pdf", action="store_true", help="there will be a PDF to link to")
    arguments = parser.parse_args()
    assemble(arguments.target, arguments.notebooks, arguments.javascript, arguments.pdf)


def assemble(target, executed, javascript, has_pdf):
    """Write the sources of the pages into a folder.

    Parameters
    ----------
    target : Path
    executed : list of Path
        Executed notebooks.
    javascript : Path
        Where npm has installed what the interactive pages load.
    has_pdf : bool
        Whether the opening page shall link to the book as a PDF.
    """
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(
        ROOT / "book", target / "book", ignore=shutil.ignore_patterns("tools", "profiles", "play")
    )
    shutil.copy(ROOT / "_toc.yml", target)
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    (target / "notebooks").mkdir()
    for notebook in executed:
        write_chapter(notebook, ROOT / "notebooks", target / "notebooks", config)
        show_interactives(target / "notebooks" / notebook.name)
    shutil.copytree(mathjax_folder(), target / "vendored" / "mathjax", ignore=UNUSED_MATHJAX)
    write_scripts(javascript, target / "vendored" / "play")
    write(target / "vendored" / "scripts" / "fontawesome.js", shown_icons())
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    write(target / "root" / "index.html", root_page(config, contents["root"]))

    numbers = {notebook.stem: read_records(notebook) for notebook in executed}
    chapters = notebooks(ROOT)
    site = {"pdf": PDF_LINK if has_pdf else "", "colab": colab_list(chapters, config)}
    site["seconds"] = seconds_table(chapters, numbers)
    site["records"] = record_tables(chapters, numbers)
    runs, house = runs_of(executed), rooms()
    site["status"], site["gpu"] = status_table(chapters, runs), gpu_line(runs)
    site["versions"] = versions_list(chapters, runs)
    site["parameters"] = parameters_list(chapters, runs)
    site["rooms"] = rooms_table(house)
    benchmark = load_results("benchmark")
    numbers["benchmark"] = headline_numbers(benchmark)
    numbers["soak"] = load_results("soak")
    numbers["paper_table"] = table_numbers()
    numbers["site"] = site
    config["parse"]["myst_substitutions"] = numbers
    write(target / "_config.yml", yaml.safe_dump(config, sort_keys=False, allow_unicode=True))

    pictures = target / "book" / "_static"
    pictures.mkdir(exist_ok=True)
    for name, draw in FIGURES.items():
        write_svg(draw(benchmark), pictures / name)
    if "alignment" in numbers:
        draw_playground(numbers["alignment"], pictures / "playground.svg")
    write_svg(draw_house(house), pictures / "house.svg")
    draw_preview(pictures / "preview.png")


def write(path, text):
    """Write a text file, and the folder that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def mathjax_folder():
    """Return the folder of the installed MathJax that browsers load from, fonts included."""
    # Not imported: the package holds files, and its module belongs to Django.
    package = Path(importlib.util.find_spec("mathjax").origin).parent
    return package / "static" / "mathjax" / "es5"


if __name__ == "__main__":
    main()
