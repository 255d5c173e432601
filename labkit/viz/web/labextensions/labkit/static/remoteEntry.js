// labkit's part of JupyterLab, written in the form that JupyterLab loads (a federated module), so
// that nothing has to be built. JupyterLab itself shows a PNG without the alternative text that its
// notebook holds, and nothing at all of a widget that has no kernel.

(() => {
  const base = document.currentScript.src.replace(/[^/]*$/, "");
  const EXPLORER = "application/vnd.labkit.explorer+json";
  const PNG = "image/png";
  let shared;

  const make = (parent, tag, attributes) =>
    parent.appendChild(Object.assign(document.createElement(tag), attributes));
  const arrived = (node) =>
    new Promise((done, fail) => Object.assign(node, { onload: done, onerror: fail }));
  const words = (model) => model.metadata[PNG]?.alt;
  const joined = (png) => (Array.isArray(png) ? png.join("") : png);

  function showPicture(node, model) {
    const image = make(node, "img", { src: `data:${PNG};base64,${joined(model.data[PNG])}` });
    const { width, height } = model.metadata[PNG] ?? {};
    if (words(model)) image.alt = words(model);
    if (width) image.width = width;
    if (height) image.height = height;
  }

  function showExplorer(node, model) {
    const stored = model.data[EXPLORER];
    const first = { png: joined(model.data[PNG]), alt: words(model) };
    const place = make(node, "div", {});
    if (stored.frames) labkitStill(place, { ...stored, first });
    else showPicture(place, model);
    const details = make(node, "details", {});
    make(details, "summary", { textContent: "The same in words" });
    const table = make(details, "table", {});
    const heads = make(table.createTHead(), "tr", {});
    ["setting", "picture"].forEach((name) =>
      make(heads, "th", { scope: "col", textContent: name }),
    );
    const body = table.createTBody();
    stored.rows.forEach((row) =>
      row.forEach((text, i) => {
        if (i === 0) body.insertRow();
        make(body.lastChild, "td", { textContent: text });
      }),
    );
  }

  // A renderer of JupyterLab: a widget that fills its node once it has the data.
  function renderer(Widget, mimeType, className, show, rank) {
    class Rendered extends Widget {
      constructor() {
        super();
        this.addClass(className);
      }
      async renderModel(model) {
        this.node.replaceChildren();
        show(this.node, model);
      }
    }
    const createRenderer = () => new Rendered();
    const rendererFactory = { safe: true, mimeTypes: [mimeType], createRenderer };
    return { id: `labkit:${className}`, rendererFactory, rank, dataType: "string" };
  }

  async function plugins() {
    await arrived(make(document.head, "script", { src: `${base}explorer.js` }));
    await arrived(make(document.head, "script", { src: `${base}still.js` }));
    make(document.head, "link", { rel: "stylesheet", href: `${base}explorer.css` });
    const [lumino] = Object.values(shared["@lumino/widgets"]);
    const { Widget } = (await lumino.get())();
    return [
      renderer(Widget, PNG, "jp-RenderedImage", showPicture, 90),
      { ...renderer(Widget, EXPLORER, "labkit-StoredExplorer", showExplorer, 40), dataType: "json" },
    ];
  }

  (window._JUPYTERLAB ??= {}).labkit = {
    init: async (scope) => {
      shared = scope;
    },
    get: async () => {
      const found = { __esModule: true, default: await plugins() };
      return () => found;
    },
  };
})();
