"""The array library: which one computes and where, its random numbers, and its fast steps."""

from dfa_utils.array.backend import Backend, cuda_is_available, get_backend, namespace_of
from dfa_utils.array.rng import NormalNoise, Stream, generator_for, generators_for, stack_drawn

__all__ = [
    "Backend",
    "NormalNoise",
    "Stream",
    "cuda_is_available",
    "generator_for",
    "generators_for",
    "get_backend",
    "namespace_of",
    "stack_drawn",
]
