// The playground: train networks under several rules at once, in slices between two frames.

var dfa = globalThis.dfa || {};

(function () {
  "use strict";

  const { button, make } = dfa;
  const LAST_EPOCH = 60;
  const NO_RULE = "Choose a rule.";
  const SLICE = 12; // milliseconds of work in a frame

  dfa.figures.playground = (place) => {
    const data = dfa.loadDigits(dfa.digits);
    const start = button("Start", startOrPause);
    const step = button("One epoch", () => frame !== null || go(epochOf() + 1));
    const reset = button("Reset", resetRuns);
    const status = make("p", { className: "play-status", attributes: { role: "status" } });
    const view = dfa.resultsView();
    const { form, read, write } = dfa.settingsForm(change);
    const link = dfa.linkControls(read);
    const files = dfa.downloadControls(() => ({ runs, settings: read() }));

    let runs = [];
    let epochs = null; // the work of the epoch that is under way
    let frame = null; // the next slice of work, while networks are trained

    const draw = () => view.draw(runs, LAST_EPOCH, read().angles);

    /** Follow a control: which angles are shown changes nothing of the runs. */
    function change(name) {
      if (name === "angles") draw();
      else resetRuns();
      link.keep();
    }

    function set(settings) {
      write(settings);
      resetRuns();
    }

    function resetRuns() {
      stop();
      runs.forEach(dfa.disposeRun);
      epochs = null;
      const settings = read();
      runs = settings.rules.map((rule) => dfa.makeRun(rule, settings, data));
      status.textContent = runs.length ? "Ready." : NO_RULE;
      draw();
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
          draw();
          if (epochOf() >= untilEpoch) {
            stop();
            status.textContent = summary(runs);
          }
        }
      }
    }

    function startOrPause() {
      if (frame === null) {
        go(LAST_EPOCH);
      } else {
        stop();
        status.textContent = `Paused. ${summary(runs)}`;
      }
    }

    const buttons = make("div", { className: "play-controls" }, start, step, reset);
    place.append(form, buttons, status, view.element, files, link.element);
    set(dfa.settingsInAddress() ?? dfa.settingsFrom(""));
    const follow = (settings) => {
      set(settings);
      link.keep();
    };
    window.addEventListener("hashchange", () => {
      const settings = dfa.settingsInAddress();
      if (settings) follow(settings);
    });
    dfa.connectExperiments(follow, place);
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
