"""Labelled images, ready on the device, and where they come from."""

from dfa_utils.data.datasets import DATASETS, Dataset, load_dataset
from dfa_utils.data.sources import DataUnavailableError

__all__ = ["DATASETS", "DataUnavailableError", "Dataset", "load_dataset"]
