"""What a notebook needs besides the method: records, provenance, checkpoints, stored results."""
