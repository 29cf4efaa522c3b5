"""What training prints while it runs."""

from dfa_utils.checks import check


def print_every(interval):
    """Return a report for `dfa_utils.training.train`: one line every ``interval`` epochs.

    Parameters
    ----------
    interval : int

    Returns
    -------
    callable
    """
    check("interval", interval)

    def report(epoch, last_epoch, values):
        if epoch % interval == 0 or epoch == last_epoch:
            train_error, test_error = values["train_error"].mean(), values["test_error"].mean()
            print(
                f"epoch {epoch:3d} of {last_epoch}   train error {train_error:6.2f} %"
                f"   test error {test_error:6.2f} %   (mean of {len(values['test_error'])} seeds)"
            )

    return report
