"""Direct Feedback Alignment beside back-propagation, on NumPy, CuPy and PyTorch."""

__version__ = "0.1.0"
