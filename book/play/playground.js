// The playground: train networks under several rules at once, in slices between two frames.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  const { make } = dfa;
  const LAST_EPOCH = 60;
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
    let isRunning = false;

    function resetRuns() {
      stop();
      runs.forEach(dfa.disposeRun);
      epochs = null;
      const settings = read();
      runs = settings.rules.map((rule) => dfa.makeRun(rule, settings, data));
      status.textContent = runs.length ? "Ready." : "Choose a rule.";
      view.draw(runs, LAST_EPOCH);
    }

    const epochOf = () => runs.at(-1)?.epoch ?? 0;

    function stop() {
      isRunning = false;
      start.textContent = "Start";
    }

    function go(untilEpoch) {
      if (!runs.length || epochOf() >= LAST_EPOCH) {
        return;
      }
      isRunning = true;
      start.textContent = "Pause";
      status.textContent = "Training.";
      requestAnimationFrame(() => work(untilEpoch));
    }

    function work(untilEpoch) {
      const end = performance.now() + SLICE;
      while (isRunning && performance.now() < end) {
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
      if (isRunning) {
        requestAnimationFrame(() => work(untilEpoch));
      }
    }

    start.addEventListener("click", () => {
      if (isRunning) {
        stop();
        status.textContent = `Paused. ${summary(runs)}`;
      } else {
        go(LAST_EPOCH);
      }
    });
    step.addEventListener("click", () => isRunning || go(epochOf() + 1));
    reset.addEventListener("click", resetRuns);

    const buttons = make("div", { className: "play-controls" }, start, step, reset);
    place.append(form, buttons, status, view.element);
    write({});
    dfa.connectExperiments(write, place);
  };

  function summary(runs) {
    const errors = runs.map(
      ({ rule, testError }) =>
        `${dfa.RULES[rule].label} ${dfa.inWords(testError.at(-1).value, 1, " %")}`,
    );
    return `After epoch ${runs.at(-1).epoch}, test error: ${errors.join(", ")}.`;
  }
})();
