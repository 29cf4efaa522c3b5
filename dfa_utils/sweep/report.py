"""What a sweep prints while it runs."""

import sys
import time

from dfa_utils.sweep.words import duration


def say(line):
    """Print a line at once; a letter that the terminal does not know is shown by its number."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(line.encode(encoding, "backslashreplace").decode(encoding), flush=True)


class Countdown:
    """A line for each point that ends, with an estimate of the time left.

    Parameters
    ----------
    total : int
        The points that are to be run now.
    report : callable
        Takes a line.
    """

    def __init__(self, total, report):
        self.total = total
        self.report = report
        self.count = 0
        self.started = time.perf_counter()

    def ended(self, label, status):
        """Report a point by its label and its status."""
        self.count += 1
        left = (time.perf_counter() - self.started) / self.count * (self.total - self.count)
        end = f"{duration(left)} left" if self.count < self.total else "none left"
        line = f"[{self.count:{len(str(self.total))}d}/{self.total}] {status['state']:6} {label}"
        took = "" if status["seconds"] is None else duration(status["seconds"])
        self.report(f"{line}  {took}  {end}")
        if status["error"]:
            self.report(f"    {status['error']}")
