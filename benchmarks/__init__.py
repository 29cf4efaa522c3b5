"""How long an epoch takes: this project beside others, in one run; see README.md."""
