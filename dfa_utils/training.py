"""Training: the loop that all learning rules share, and the run that owns what it changes."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from dfa_utils.array import NormalNoise, Stream, generators_for, stack_drawn
from dfa_utils.array.batches import gather, mini_batches, numbers_once, shuffled_orders
from dfa_utils.array.stack import Stack
from dfa_utils.array.tree import copy_arrays, in_c_order
from dfa_utils.history import QUANTITIES, History
from dfa_utils.losses import LOSSES, REDUCTIONS, totals
from dfa_utils.network import Layer
from dfa_utils.noise import Dropout, FastGradientSign
from dfa_utils.optimizers import SGD, Optimizer
from dfa_utils.rules import Rule, Step
from dfa_utils.validation import Checked, check, fit


@dataclass(frozen=True)
class Recipe(Checked):
    """How networks are trained.

    Parameters
    ----------
    rule : Rule
    optimizer : Optimizer
    loss : {"binary_cross_entropy", "cross_entropy"}
    reduction : {"mean", "sum"}
        Whether gradients are those of the mean or of the sum of the loss over the mini-batch.
    batch_size : int
        The last batch of an epoch holds what is left.
    dropout : Dropout
    perturbation : FastGradientSign
        Changes every batch before the networks are trained on it.
    """

    rule: Rule
    optimizer: Optimizer = SGD()
    loss: str = "binary_cross_entropy"
    reduction: str = "mean"
    batch_size: int = 64
    dropout: Dropout = Dropout()
    perturbation: FastGradientSign = FastGradientSign()
    MEANINGS: ClassVar = {"reduction": "error_reduction"}


class State(NamedTuple):
    """All that training changes, (seeds, ...) each: slots are what the optimizer remembers."""

    params: list
    feedback: list
    slots: list
    feedback_slots: list


class Run:
    """Networks of several seeds that are trained at once; `fit` goes on from where they stand.

    Parameters
    ----------
    network : Network
    recipe : Recipe
    data : dfa_utils.data.Dataset
    seeds : sequence of int
        One network each: of its initial weights, its feedback, its shuffles, what it drops.
    weights, biases, first_layer : Initialiser, optional
        As `dfa_utils.network.Network.draw` takes them; without ``weights``, weights and biases
        start where they usually do under the rule.
    params : list of Layer (seeds, ...), optional
        To start from in the place of drawn ones. They are copied.
    feedback_seeds : sequence of int, optional
        Of the feedback matrices, where they have seeds of their own: one for each network.
    frozen : collection of int
        Layers, the first is 0, that stay as they are.

    Attributes
    ----------
    epoch : int
        How many have been trained, those before a branch included.
    measured : dict of str to list of numpy.ndarray (seeds, ...)
        What `fit` was asked to measure, from the epoch on in which it was first asked.
    curves : list of dict of str to numpy.ndarray (seeds,)
        What `history` is made of, an epoch each.
    is_whole : bool
        Whether all of the last epoch was done. A run that broke off amid one does not go on from
        there; from a checkpoint it does.
    """

    def __init__(
        self,
        network,
        recipe,
        data,
        seeds,
        *,
        weights=None,
        biases=None,
        first_layer=None,
        params=None,
        feedback_seeds=None,
        frozen=(),
    ):
        self.network, self.recipe, self.data = network, recipe, data
        self.seeds = check("seeds", seeds)
        given = seeds if feedback_seeds is None else feedback_seeds
        self.feedback_seeds = check("feedback_seeds", given, "seeds")
        self.frozen = fit.frozen_layers(frozen)
        self.dtype = fit.check_run(self)
        if params is None:
            if weights is None:
                weights = recipe.rule.usual_start(network.activation)
                biases = weights if biases is None else biases
            starts = (weights, biases, first_layer)
            params = network.draw(self.seeds, *starts, data.backend, self.dtype)
        fit.check_layers(params, network.sizes, self.seeds, data.train_images)
        # In C order, which the steps are compiled for, whatever order they come in.
        params = [Layer(*layer) for layer in in_c_order(params)]
        slots, feedback = recipe.optimizer.slots, self._draw_feedback(params)
        fit.check_feedback(feedback, data.train_images)
        remembered = [[slots(array) for array in layer] for layer in params]
        state = State(params, feedback, remembered, [slots(matrix) for matrix in feedback])
        self.stack = Stack(state, len(self.seeds))
        self.epoch, self.first_epoch, self.curves, self.is_whole = 0, 0, [], True
        self.measures, self.measured = {}, {}

    def __repr__(self):
        return f"Run of {self.recipe.rule.name} with seeds {self.seeds}, epoch {self.epoch}"

    def _draw_feedback(self, params):
        """Draw the matrices of every seed, which may depend on its parameters, and stack them."""
        rule, sizes, backend = self.recipe.rule, self.network.sizes, self.data.backend
        host = [[backend.to_host(array) for array in layer] for layer in params]
        drawn = [
            rule.draw(rng, sizes, [Layer(*(array[place] for array in layer)) for layer in host])
            for place, rng in enumerate(generators_for(self.feedback_seeds, Stream.FEEDBACK))
        ]
        return [stack_drawn(stack, backend, self.dtype) for stack in zip(*drawn, strict=True)]

    def fit(self, until, stop=None, measure=None, checkpoint=None, report=None):
        """Train to the end of an epoch; a run that stands there already stays as it is.

        Parameters
        ----------
        until : int
            The number of the last epoch.
        stop : float or callable, optional
            A seed stops after the epoch in which its train error, percent, is at most this; the
            others go on. A callable is asked as ``stop(run)``: bool, one for each running seed.
        measure : dict of str to callable, optional
            By name, what is measured from now on, before the next epoch and after each:
            ``function(run)`` returns an array of the backend, (running seeds, ...).
        checkpoint : dfa_utils.chapter.Checkpoint, optional
            Where the run is kept after each epoch, and taken up again.
        report : callable, optional
            Called after each epoch as ``report(run, until)``.

        Returns
        -------
        Run
            This run.

        Raises
        ------
        FloatingPointError
            If a loss is not finite; the text names the epoch, the rule, the seeds and their layers.
        """
        until, stop = check("until", until), check("stop", stop)
        fit.check_hooks(measure, checkpoint, report)
        self.measures |= measure or {}
        if checkpoint is not None:
            checkpoint.restore(self, until, stop)
        fit.check_whole(self)
        self._measure(self.measures.keys() - self.measured.keys())
        while self.epoch < until and self.running.size:
            self.epoch, self.is_whole = self.epoch + 1, False
            values = self._train_epoch() | self._evaluate()
            fit.check_finite(values, self)
            self.curves.append({name: self.stack.spread(value) for name, value in values.items()})
            self._measure(self.measures)
            if report is not None:
                report(self, until)
            if stop is not None:
                self.stack.stop(stop(self) if callable(stop) else values["train_error"] <= stop)
            self.is_whole = True
            if checkpoint is not None:
                checkpoint.save(self, is_last=self.epoch == until or not self.running.size)
        return self

    def branch(self, recipe, *, frozen=(), optimizer="fresh", feedback_seeds=None):
        """Return a run that goes on from a copy of this one's networks, with its history.

        Seeds that have stopped here go on there; shuffles go on with the number of the epoch.

        Parameters
        ----------
        recipe : Recipe
            Feedback is drawn anew, unless rule and feedback seeds are those of this run.
        frozen : collection of int
        optimizer : {"fresh", "keep"}
            Whether what the optimizer, then of the same class, remembers is forgotten or goes on.
        feedback_seeds : sequence of int, optional
            By default those of this run.

        Returns
        -------
        Run
        """
        fit.check_branch(self, recipe, optimizer)
        state = self.stack.whole
        seeds = self.feedback_seeds if feedback_seeds is None else feedback_seeds
        start = {"params": state.params, "feedback_seeds": seeds, "frozen": frozen}
        run = Run(self.network, recipe, self.data, self.seeds, **start)
        kept = {"slots": state.slots} if optimizer == "keep" else {}
        if recipe.rule == self.recipe.rule and run.feedback_seeds == self.feedback_seeds:
            kept["feedback"] = state.feedback
            kept |= {"feedback_slots": state.feedback_slots} if optimizer == "keep" else {}
        copied = dict(zip(kept, copy_arrays(list(kept.values())), strict=True))
        run.stack.state = run.state._replace(**copied)
        run.epoch, run.first_epoch, run.curves = self.epoch, self.epoch, list(self.curves)
        return run

    @property
    def history(self):
        """The curves of all epochs, those before a branch included, History."""
        names = self.curves[0] if self.curves else QUANTITIES
        rows = {name: [row[name] for row in self.curves] for name in names}
        curves = {name: np.reshape(rows[name], (-1, len(self.seeds))) for name in names}
        return History(tuple(self.seeds), np.arange(1, self.epoch + 1), **curves)

    @property
    def state(self):
        """What training changes, of the seeds that still run, State of array (running, ...)."""
        return self.stack.state

    @property
    def running(self):
        """The places among the seeds of those that still run, numpy.ndarray of int."""
        return self.stack.running

    @property
    def params(self):
        """The parameters of all seeds, list of Layer (seeds, ...)."""
        return self.stack.whole.params

    @property
    def feedback(self):
        """The feedback matrices of all seeds, list of array (seeds, ...)."""
        return self.stack.whole.feedback

    def _measure(self, names):
        """Take measurements of the running seeds, and bring home what they report."""
        for name in names:
            values = self.data.backend.to_host(self.measures[name](self))
            self.measured.setdefault(name, []).append(self.stack.spread(values))

    def _rates(self, steps):
        """Yield the learning rate of each step of an epoch, float or ndarray (seeds, 1, 1)."""
        optimizer, last = self.recipe.optimizer, None
        own = [row["train_error"][self.running] for row in self.curves[self.first_epoch :]]
        errors = np.reshape(own, (-1, self.running.size))
        for factor in optimizer.schedule.factors(errors, steps):
            if factor is not last:
                last, rates = factor, optimizer.rate * np.reshape(factor, (-1, 1, 1))
                rate = float(rates[0, 0, 0]) if np.all(rates == rates[0]) else rates
            yield rate

    def _train_epoch(self):
        """Change the networks by one pass over the training set; return its loss and error."""
        recipe, data, (params, feedback, slots, feedback_slots) = self.recipe, self.data, self.state
        optimizer, loss = recipe.optimizer, LOSSES[recipe.loss]
        seeds, backend, xp = [self.seeds[i] for i in self.running], data.backend, data.backend.xp
        dice = generators_for(seeds, Stream.DROPOUT, self.epoch)
        noise = NormalNoise(generators_for(seeds, Stream.NOISE, self.epoch), backend, self.dtype)
        orders = shuffled_orders(data.train_images.shape[0], seeds, self.epoch, backend)
        batches, logits = mini_batches(orders, recipe.batch_size), []
        on_device = numbers_once(backend, self.dtype)
        for batch, rate in zip(batches, self._rates(len(batches)), strict=True):
            x, targets = gather(data.train_images, batch), gather(data.train_targets, batch)
            x = recipe.perturbation.perturb(self.network, params, x, targets, loss)
            masks = recipe.dropout.masks(dice, params, x.shape[-2], backend)
            at = (self.network, params, feedback, x, targets, loss, masks)
            scale = optimizer.error_scale(rate) * REDUCTIONS[recipe.reduction](x.shape[-2])
            scale, rate = on_device(scale), on_device(rate)
            step = Step.at(*at, scale=scale, noise=noise, frozen=self.frozen)
            errors = recipe.rule.send(step)
            for number, (weights, biases) in enumerate(params):
                if number not in self.frozen:
                    inputs, error = step.forward.inputs[number], errors[number]
                    optimizer.step_product(weights, inputs, error, slots[number][0], rate)
                    total = xp.sum(error, axis=-2, keepdims=True)
                    optimizer.step(biases, total, slots[number][1], rate)

            def descend(k, left, right, rate=rate):
                optimizer.step_product(feedback[k], left, right, feedback_slots[k], rate)

            recipe.rule.adapt(step, errors, descend)
            logits.append(step.forward.logits)
        # Once for all batches: by itself each would cost a narrow network a tenth of its time.
        labels, targets = gather(data.train_labels, orders), gather(data.train_targets, orders)
        return self._averages("train", xp.concat(logits, axis=-2), labels, targets)

    def _evaluate(self):
        """Return loss and error on the test set, and on the validation set where there is one."""
        values = {}
        for part in ("test", "validation"):
            kinds = ("images", "labels", "targets")
            images, *known = (getattr(self.data, f"{part}_{kind}") for kind in kinds)
            if images is not None:
                logits = self.network.logits(self.state.params, images)
                values |= self._averages(part, logits, *known)
        return values

    def _averages(self, part, logits, labels, targets):
        """Return loss (nats a sample) and error (percent), dict of numpy.ndarray (seeds,)."""
        both = totals(LOSSES[self.recipe.loss], logits, labels, targets)
        (loss, wrong), count = map(self.data.backend.to_host, both), logits.shape[-2]
        return {f"{part}_loss": loss / count, f"{part}_error": 100 * wrong / count}
