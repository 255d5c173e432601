// The Explorer in the page: native controls, one picture, the words that stand for it.
// `draw(setting, control)` promises {src, alt, setting?} for the positions of all controls; a kernel
// answers it in a live notebook (live.js), stored frames do elsewhere (still.js). Where the kernel
// answers and rests, it is asked `ahead` for as many settings, on along the reader's last move.

const BUSY_AFTER_MS = 150; // an answer quicker than that needs no notice
const QUICK_MS = 400; // below, a second question travels while the first is worked on
const AHEAD_UP_TO_MS = 1500; // a function slower than that is not asked before its turn
const FRAMES_KEPT = 256; // going back to a setting costs nothing

function labkitExplorer(el, { controls, label, first, draw, free, ahead = 0 }) {
  const id = `labkit-${Math.random().toString(36).slice(2)}`;
  const make = (parent, tag, attributes) =>
    parent.appendChild(Object.assign(document.createElement(tag), attributes));
  const root = make(el, "div", { className: "labkit-explorer", role: "group", ariaLabel: label });
  const inputs = controls.map((control, i) => labkitControl(make, root, control, `${id}-${i}`));
  const words = make(root, "p", { role: "status" });
  const image = make(root, "img", { decoding: "sync" });

  const setting = () => inputs.map((input) => input.read());
  const frames = new Map([[setting().join(), first]]);
  let asked = 0; // turns of the controls so far
  let shown = 0; // the turn that the picture answers
  let wanted = null; // the newest turn that nobody works on yet; older ones are dropped
  let flying = 0; // questions on their way: two if answers are quick, so that no side waits
  let quick = true;
  let took = 0; // milliseconds of the last answer
  let here = setting();
  let move = null; // the control turned last, and by how much
  let timer = null;

  function show(turn, frame) {
    if (turn < shown) return;
    shown = turn;
    if (frame.setting) frame.setting.forEach((position, i) => inputs[i].write(position));
    image.src = frame.src;
    image.alt = words.textContent = frame.alt;
    if (shown === asked) settle();
  }
  function settle() {
    clearTimeout(timer);
    timer = null;
    root.ariaBusy = "false";
  }
  function notice() {
    root.ariaBusy = "true";
    words.textContent = "computing …";
  }
  function keep(key, frame) {
    if (frames.has(key)) return (free ?? (() => {}))(frame.src); // asked twice
    frames.set(key, frame);
    if (frames.size <= FRAMES_KEPT) return;
    const [oldest, { src }] = frames.entries().next().value;
    frames.delete(oldest);
    if (image.src !== src) (free ?? (() => {}))(src);
  }
  function ask(positions, control, early) {
    const [start, key] = [performance.now(), positions.join()];
    flying += 1;
    return draw(positions, control, early)
      .then((frame) => {
        if (!frame.setting) keep(key, frame);
        return frames.get(key) ?? frame;
      })
      .finally(() => {
        flying -= 1;
        took = performance.now() - start;
        quick = took < QUICK_MS;
      });
  }
  function pump() {
    if (wanted === null) return guess();
    const { turn, positions, control } = wanted;
    const kept = frames.get(positions.join());
    if (!kept && flying >= (quick ? 2 : 1)) return;
    wanted = null;
    if (kept) {
      show(turn, kept);
      return guess();
    }
    ask(positions, control, false)
      .then(
        (frame) => show(turn, frame),
        (error) => {
          if (turn < asked) return;
          settle();
          words.textContent = error.message;
        },
      )
      .finally(pump);
  }
  function guess() {
    if (flying || !move || took > AHEAD_UP_TO_MS) return;
    const { control, by } = move;
    for (let n = 1; n <= ahead; n += 1) {
      const position = here[control] + n * by;
      if (!controls[control].texts[position]) return;
      const positions = here.with(control, position);
      if (frames.has(positions.join())) continue;
      const giveUp = () => (move = null); // when its turn comes, it says why
      ask(positions, control, true).catch(giveUp).finally(pump);
      return;
    }
  }
  function turned(control) {
    const positions = setting();
    move = { control, by: positions[control] - here[control] };
    here = positions;
    asked += 1;
    wanted = { turn: asked, positions, control };
    if (!frames.has(positions.join())) timer ??= setTimeout(notice, BUSY_AFTER_MS);
    pump();
  }
  inputs.forEach(({ element }, i) => {
    element.addEventListener("input", () => turned(i));
    // JupyterLab would take arrow keys and letters for commands of its own.
    element.dataset.lmSuppressShortcuts = "true";
  });
  show(0, first);
}

// One labelled control; `read` and `write` its position among the control's texts.
function labkitControl(make, root, { label, kind, texts, start }, id) {
  const row = make(root, "div", { className: "labkit-control" });
  make(row, "label", { htmlFor: id, textContent: label });
  if (kind === "tick") {
    const element = make(row, "input", { id, type: "checkbox", checked: start === 1 });
    return {
      element,
      read: () => Number(element.checked),
      write: (position) => (element.checked = position === 1),
    };
  }
  if (kind === "menu") {
    const element = make(row, "select", { id });
    texts.forEach((text) => make(element, "option", { textContent: text }));
    element.selectedIndex = start;
    return {
      element,
      read: () => element.selectedIndex,
      write: (position) => (element.selectedIndex = position),
    };
  }
  const element = make(row, "input", { id, type: "range", min: 0, max: texts.length - 1, step: 1 });
  const readout = make(row, "span", { ariaHidden: "true" }); // the slider itself says it
  const say = () => {
    readout.textContent = texts[element.value];
    element.ariaValueText = texts[element.value];
  };
  const write = (position) => {
    element.value = position;
    say();
  };
  write(start);
  element.addEventListener("input", say);
  return { element, read: () => Number(element.value), write };
}
