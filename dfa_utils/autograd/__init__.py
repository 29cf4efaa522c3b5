"""DFA where a framework takes the gradients: a module for PyTorch and one for JAX, to copy."""
