"""Every measured figure of the book, a function each, from histories and arrays."""

from dfa_utils.figures.angles import plot_alignment, plot_layers, plot_turn
from dfa_utils.figures.curves import plot_error_curves, plot_release, plot_seeds, plot_test_errors
from dfa_utils.figures.embeddings import embed, plot_embeddings
from dfa_utils.figures.images import plot_images, plot_pairs
from dfa_utils.figures.interactive import show_embeddings, show_epochs
from dfa_utils.figures.intervals import plot_intervals
from dfa_utils.figures.maps import plot_against_product, plot_error_maps
from dfa_utils.figures.measured import (
    mark_epoch,
    plot_against,
    plot_measured,
    plot_panels_against,
)
from dfa_utils.figures.pictures import plot_pictures
from dfa_utils.figures.points import plot_bias_and_variance, plot_errors_by_rule
from dfa_utils.figures.style import RULE_LOOKS, looks_of, use_book_style
from dfa_utils.figures.variations import plot_variations

__all__ = [
    "RULE_LOOKS",
    "embed",
    "looks_of",
    "mark_epoch",
    "plot_against",
    "plot_against_product",
    "plot_alignment",
    "plot_bias_and_variance",
    "plot_embeddings",
    "plot_error_curves",
    "plot_error_maps",
    "plot_errors_by_rule",
    "plot_images",
    "plot_intervals",
    "plot_layers",
    "plot_measured",
    "plot_pairs",
    "plot_panels_against",
    "plot_pictures",
    "plot_release",
    "plot_seeds",
    "plot_test_errors",
    "plot_turn",
    "plot_variations",
    "show_embeddings",
    "show_epochs",
    "use_book_style",
]
