// A live notebook: the kernel draws. Pictures travel as bytes, not as text.

const labkitUrl = (bytes) => URL.createObjectURL(new Blob([bytes], { type: "image/png" }));

export default {
  render({ model, el }) {
    const view = Math.random().toString(36).slice(2); // a widget may be shown more than once
    const waiting = new Map();
    let count = 0;
    const answered = (content, buffers) => {
      const settle = waiting.get(content.id);
      if (!settle) return;
      waiting.delete(content.id);
      if (content.error) settle.fail(new Error(content.error));
      else settle.done({ src: labkitUrl(buffers[0]), alt: content.alt });
    };
    model.on("msg:custom", answered);
    labkitExplorer(el, {
      controls: model.get("controls"),
      label: model.get("label"),
      first: { src: labkitUrl(model.get("png")), alt: model.get("alt") },
      ahead: 3,
      draw: (setting, _, ahead) =>
        new Promise((done, fail) => {
          const id = `${view}-${(count += 1)}`;
          waiting.set(id, { done, fail });
          model.send({ id, setting, ahead });
        }),
      free: (src) => URL.revokeObjectURL(src),
    });
    return () => model.off("msg:custom", answered);
  },
};
