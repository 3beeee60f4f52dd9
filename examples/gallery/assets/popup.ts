// Tells, over a page that stays as it is, that an island or a fragment of it
// has failed. What ends in a whole document tells for itself.

const popup = document.getElementById("popup")!;
const hide = () => (popup.hidden = true);

document.addEventListener("gorgon:error", (event) => {
  if (event.target instanceof HTMLElement) popup.hidden = false;
});
document.addEventListener("gorgon:navigate", hide);
popup.querySelector("button")!.addEventListener("click", hide);

export {};
