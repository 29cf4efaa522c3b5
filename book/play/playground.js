// The playground: train networks under several rules at once, in slices between two frames.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  const { make } = dfa;
  const LAST_EPOCH = 60;
  const NO_RULE = "Choose a rule.";
  const SLICE = 12; // milliseconds of work in a frame

  dfa.figures.playground = (place) => {
    const data = dfa.loadDigits(dfa.digits);
    const button = (textContent) =>
      make("button", { type: "button", className: "play-button", textContent });
    const [start, step, reset] = ["Start", "One epoch", "Reset"].map(button);
    const status = make("p", { className: "play-status", attributes: { role: "status" } });
    const view = dfa.resultsView();
    const { form, read, write } = dfa.settingsForm(resetRuns);

    let runs = [];
    let epochs = null; // the work of the epoch that is under way
    let frame = null; // the next slice of work, while networks are trained

    function resetRuns() {
      stop();
      runs.forEach(dfa.disposeRun);
      epochs = null;
      const settings = read();
      runs = settings.rules.map((rule) => dfa.makeRun(rule, settings, data));
      status.textContent = runs.length ? "Ready." : NO_RULE;
      view.draw(runs, LAST_EPOCH);
    }

    const epochOf = () => runs.at(-1)?.epoch ?? 0;

    function stop() {
      cancelAnimationFrame(frame);
      frame = null;
      start.textContent = "Start";
    }

    function go(untilEpoch) {
      if (!runs.length || epochOf() >= LAST_EPOCH) {
        status.textContent = runs.length ? `${summary(runs)} Reset to begin anew.` : NO_RULE;
        return;
      }
      start.textContent = "Pause";
      status.textContent = "Training.";
      work(untilEpoch);
    }

    function work(untilEpoch) {
      frame = requestAnimationFrame(() => work(untilEpoch));
      const end = performance.now() + SLICE;
      while (frame !== null && performance.now() < end) {
        epochs ??= dfa.trainRuns(runs, data);
        if (epochs.next().done) {
          epochs = null;
          view.draw(runs, LAST_EPOCH);
          if (epochOf() >= untilEpoch) {
            stop();
            status.textContent = summary(runs);
          }
        }
      }
    }

    start.addEventListener("click", () => {
      if (frame !== null) {
        stop();
        status.textContent = `Paused. ${summary(runs)}`;
      } else {
        go(LAST_EPOCH);
      }
    });
    step.addEventListener("click", () => frame !== null || go(epochOf() + 1));
    reset.addEventListener("click", resetRuns);

    const buttons = make("div", { className: "play-controls" }, start, step, reset);
    place.append(form, buttons, status, view.element);
    write({});
    dfa.connectExperiments(write, place);
  };

  /** Say how all rules stood after the last epoch that all of them have finished. */
  function summary(runs) {
    const { epoch } = runs.at(-1);
    const errors = runs.map(
      ({ rule, testError }) =>
        `${dfa.RULES[rule].label} ${dfa.inWords(testError[epoch].value, 1, " %")}`,
    );
    return `After epoch ${epoch}, test error: ${errors.join(", ")}.`;
  }
})();
