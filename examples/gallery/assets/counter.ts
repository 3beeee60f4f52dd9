// A counter that takes over the server's button, and keeps its count when the
// page is left.

interface Props {
  start: number;
  note: string;
}

const buttonOf = (element: HTMLElement) => element.querySelector("button")!;

export default (element: HTMLElement, props: Props) => {
  const button = buttonOf(element);
  const add = () => (button.textContent = String(Number(button.textContent) + 1));
  button.textContent = String(props.start);
  button.title = props.note;
  button.addEventListener("click", add);
  return () => button.removeEventListener("click", add);
};

export const freeze = (element: HTMLElement) => buttonOf(element).textContent;

export const thaw = (element: HTMLElement, value: string) => {
  buttonOf(element).textContent = value;
};
