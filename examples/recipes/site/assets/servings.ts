// Servings: the amounts of the ingredients for more or fewer people. Without
// this module the server's list stays as it is.

const amount = /^\d+(?:[.,]\d+)?/;

const nice = (n: number, locale: string) => new Intl.NumberFormat(locale, { maximumFractionDigits: n < 10 ? 1 : 0 }).format(n);

export default (element: HTMLElement, props: { servings: number }) => {
  const locale = document.documentElement.lang;
  const lines = Array.from(element.querySelectorAll("li"), (item) => ({ item, text: item.textContent!.trim() }));
  const said = element.querySelector<HTMLElement>(".servings")!;
  const count = document.createElement("output");
  let people = props.servings;

  const show = () => {
    count.textContent = String(people);
    for (const { item, text } of lines) {
      item.textContent = text.replace(amount, (n) => nice((Number(n.replace(",", ".")) * people) / props.servings, locale));
    }
  };
  const button = (text: string, label: string, by: number) => {
    const b = document.createElement("button");
    b.type = "button";
    b.textContent = text;
    b.ariaLabel = label;
    b.addEventListener("click", () => {
      people = Math.min(48, Math.max(1, people + by));
      show();
    });
    return b;
  };

  const text = said.textContent!;
  said.replaceChildren(text.replace(/\d+$/, ""), button("−", said.dataset.fewer!, -1), count, button("+", said.dataset.more!, 1));
  show();
  return () => {
    people = props.servings;
    show();
    said.replaceChildren(text);
  };
};
