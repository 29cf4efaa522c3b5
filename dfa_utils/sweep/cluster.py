"""Where points run: a cluster of this machine's cores, or one that exists."""

from contextlib import contextmanager, suppress
from multiprocessing import spawn
from urllib.request import ProxyHandler, build_opener

import dask
from dask.system import CPU_COUNT
from distributed import Client, LocalCluster
from distributed import TimeoutError as NoneCame

from dfa_utils.sweep.errors import SweepError

LOOPBACK = "127.0.0.1"
# Workers only wait for a notebook's process: what watches over them shall not cost it time.
QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
}
PATIENCE = 5  # seconds until a scheduler without workers is reported


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
        If no scheduler answers at the address, or no worker starts on this machine.
    """
    if scheduler is None:
        with dask.config.set(QUIET), _without_the_script():
            try:
                cluster = LocalCluster(
                    n_workers=min(workers or CPU_COUNT, points),
                    threads_per_worker=1,
                    host=LOOPBACK,
                    dashboard_address=f"{LOOPBACK}:0",
                    memory_limit=0,  # the notebooks' memory is that of other processes
                )
            except RuntimeError as error:
                raise SweepError(f"no worker starts on this machine: {error}") from error
            with closed_at_the_end(cluster), Client(cluster) as client:
                yield client
        return
    try:
        client = Client(scheduler, timeout=30)
    except (OSError, ValueError) as error:
        raise SweepError(f"no scheduler answers at {scheduler}: {error}") from None
    with client:
        yield client


@contextmanager
def closed_at_the_end(cluster):
    """Close a cluster on the way out, in whatever state its workers are.

    Where a worker that has died is just being started again, Dask's own closing fails by an
    assertion. All that is finished lies in the folder by then, and is still to be told.

    Parameters
    ----------
    cluster : distributed.LocalCluster

    Yields
    ------
    None
    """
    try:
        yield
    finally:
        with suppress(AssertionError):
            cluster.close()


def report_cluster(client, report):
    """Report the address of the dashboard, if there is one, and that there are no workers."""
    if _answers(client.dashboard_link):
        report(f"dashboard: {client.dashboard_link}")
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except NoneCame:
        report(f"the scheduler at {client.scheduler.address} has no workers: waiting for some")


def _answers(address):
    """Tell whether there is a page at an address: Dask names one also where it shows none."""
    direct = build_opener(ProxyHandler({}))
    try:
        with direct.open(address, timeout=PATIENCE):
            return True
    except (OSError, ValueError):
        return False


@contextmanager
def _without_the_script():
    """Let the processes of workers not run the script that starts the sweep.

    Python does so for each process that it starts, and so a script without a main guard would
    start the sweep again in every worker. What workers run lies in this package.
    """
    prepare = spawn.get_preparation_data

    def prepare_without(name):
        data = prepare(name)
        return {key: value for key, value in data.items() if not key.startswith("init_main")}

    spawn.get_preparation_data = prepare_without
    try:
        yield
    finally:
        spawn.get_preparation_data = prepare
