"""What is measured: the cases of the full run, and of the quick one that tests every path.

Nothing here imports NumPy, so the process that coordinates a run stays small.
"""

from dataclasses import dataclass, replace

RULES = ("bp", "dfa")
LEARNING_RATES = {"sgd": 0.01, "rmsprop": 1e-4}
SMOOTHING, EPSILON = 0.99, 1e-8  # of RMSprop, the defaults of Torch


@dataclass(frozen=True)
class Case:
    """One training epoch: which network, which rule, on how many images.

    Parameters
    ----------
    hidden_sizes : tuple of int
    rule : {"bp", "dfa"}
    optimizer : {"sgd", "rmsprop"}
    dataset : {"mnist", "digits"}
    images : int
        The epoch runs over the first ``images`` of the training set.
    seeds : int
        How many networks are trained at once; competitors other than this project and the
        products train one.
    batch_size : int
        The last batch of an epoch holds what is left.
    """

    hidden_sizes: tuple
    rule: str
    optimizer: str = "sgd"
    dataset: str = "mnist"
    images: int = 8_000
    seeds: int = 1
    batch_size: int = 64

    @property
    def learning_rate(self):
        """The step size of the optimizer, float."""
        return LEARNING_RATES[self.optimizer]


def case_from(values):
    """Return the case of a dict of its fields, such as JSON has."""
    return Case(**values | {"hidden_sizes": tuple(values["hidden_sizes"])})


@dataclass(frozen=True)
class Plan:
    """The sizes of everything that a run measures.

    Parameters
    ----------
    dataset : {"mnist", "digits"}
    images : int
        Of an epoch that is timed.
    whole : int
        Of the whole training set, for which times are reported.
    use_all_cores : bool
        Compare on one thread for each core too, and not on one thread alone.
    rounds, slow_rounds : int
        How often each competitor is timed, in turns; and each process of its own.
    networks : tuple of tuple of int
        Hidden sizes of the comparison: the book's network first, the narrowest last.
    settings : tuple of (str, str)
        The pairs (rule, optimizer) of the comparison.
    varied : dict of str to tuple of Case
        This project and the products alone against the width, the depth and so on.
    devices : tuple of Case
        This project on one thread, on a thread for each core and on a GPU.
    parallel : Case
        Its seeds are trained by one process on one core, then by two on two cores.
    fresh_images, tsne_samples : tuple of int
    book_target : str
        What `make` is asked for when the build of the book is timed.
    """

    dataset: str
    images: int
    whole: int
    use_all_cores: bool
    rounds: int
    slow_rounds: int
    networks: tuple
    settings: tuple
    varied: dict
    devices: tuple
    parallel: Case
    fresh_images: tuple
    tsne_samples: tuple
    book_target: str


BOOK, SHALLOW, NARROW = (400,) * 3, (800,) * 2, (50,) * 3

FULL = Plan(
    dataset="mnist",
    images=8_000,
    whole=60_000,
    use_all_cores=True,
    rounds=5,
    slow_rounds=3,
    networks=(BOOK, SHALLOW, NARROW),
    settings=tuple((rule, optimizer) for optimizer in LEARNING_RATES for rule in RULES),
    varied={
        "width": tuple(Case((w,) * 3, rule) for w in (50, 100, 200, 400, 800) for rule in RULES),
        "depth": tuple(Case((200,) * d, rule) for d in (1, 2, 3, 4, 6, 8) for rule in RULES),
        "seeds": tuple(Case(NARROW, "dfa", seeds=seeds) for seeds in (1, 2, 5, 10, 20)),
        "batch_size": tuple(Case(BOOK, "dfa", batch_size=n) for n in (16, 32, 64, 128, 256, 512)),
        "images": tuple(Case(BOOK, "dfa", images=n) for n in (8_000, 30_000, 60_000)),
    },
    devices=(
        Case(NARROW, "dfa"),
        Case(BOOK, "dfa"),
        Case(SHALLOW, "dfa", "rmsprop"),
        Case(SHALLOW, "dfa", "rmsprop", seeds=5),
        Case((240,) * 100, "dfa", "rmsprop", images=2_000),
    ),
    parallel=Case(NARROW, "dfa", seeds=20),
    fresh_images=(1_000, 15_000, 30_000, 60_000),
    tsne_samples=(500, 1_000, 2_000, 4_000),
    book_target="book",
)

TINY = Case((8, 8, 8), "dfa", dataset="digits", images=192)

# Every path in seconds; the settings of the comparison cover both rules and both optimizers.
QUICK = Plan(
    dataset="digits",
    images=192,
    whole=384,
    use_all_cores=False,
    rounds=2,
    slow_rounds=1,
    networks=((8, 8, 8),),
    settings=(("bp", "sgd"), ("dfa", "sgd"), ("dfa", "rmsprop")),
    varied={
        "width": (replace(TINY, hidden_sizes=(4, 4, 4)), TINY, replace(TINY, rule="bp")),
        "depth": (replace(TINY, hidden_sizes=(8,)), TINY),
        "seeds": (TINY, replace(TINY, seeds=3)),
        "batch_size": (replace(TINY, batch_size=16), TINY),
        "images": (TINY, replace(TINY, images=384)),
    },
    devices=(TINY, replace(TINY, seeds=3)),
    parallel=replace(TINY, seeds=4),
    fresh_images=(100, 200),
    tsne_samples=(30, 60),
    book_target="help",
)
