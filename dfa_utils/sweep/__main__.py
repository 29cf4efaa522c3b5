"""``python -m dfa_utils.sweep`` is ``dfa-sweep``."""

from dfa_utils.sweep.command import main

if __name__ == "__main__":  # the processes that run points load this file too
    main()
