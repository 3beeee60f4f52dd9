// Tells, over a page that stays as it is, that an island or a fragment of it
// has failed. What ends in a whole document tells for itself.

document.addEventListener("gorgon:error", (event) => {
  if (event.target instanceof HTMLElement) document.querySelector<HTMLDialogElement>("#popup")?.show();
});

document.addEventListener("gorgon:navigate", () => document.querySelector<HTMLDialogElement>("#popup")?.close());

export {};
