// A page without a kernel: the frames were drawn beforehand, for each control with the others at
// their start. So a control that is turned sends the others back.

function labkitStill(el, { controls, label, first, frames }) {
  const source = (png) => `data:image/png;base64,${png}`;
  labkitExplorer(el, {
    controls,
    label,
    first: { src: source(first.png), alt: first.alt },
    draw: async (setting, turned) => {
      const here = controls.map(({ start }, i) => (i === turned ? setting[i] : start));
      const { png, alt } = frames[here.join()] ?? first;
      return { src: source(png), alt, setting: here };
    },
  });
}
