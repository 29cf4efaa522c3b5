"""Where points run: a cluster of this machine's cores, or one that exists."""

from contextlib import contextmanager

import dask
from dask.system import CPU_COUNT
from distributed import Client, LocalCluster

from dfa_utils.sweep.errors import SweepError

LOOPBACK = "127.0.0.1"
# Workers only wait for a notebook's process: what watches over them shall not cost it time.
QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
}


@contextmanager
def connect(scheduler, workers, points):
    """Give a client of the cluster, and end what was started for it.

    Parameters
    ----------
    scheduler : str or None
        The address of a scheduler; None makes a cluster on this machine, which nothing outside
        it can reach.
    workers : int or None
        How many points to run at once on this machine; None is as many as it has cores.
    points : int
        How many there are; no more workers than that are started.

    Yields
    ------
    distributed.Client

    Raises
    ------
    SweepError
        If no scheduler answers at the address.
    """
    if scheduler is None:
        with (
            dask.config.set(QUIET),
            LocalCluster(
                n_workers=min(workers or CPU_COUNT, points),
                threads_per_worker=1,
                host=LOOPBACK,
                dashboard_address=f"{LOOPBACK}:0",
                memory_limit=0,  # the notebooks' memory is that of other processes
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = Client(scheduler, timeout=30)
    except (OSError, ValueError) as error:
        raise SweepError(f"no scheduler answers at {scheduler}: {error}") from None
    with client:
        yield client
