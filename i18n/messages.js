// Messages of a site in a browser: what the server embedded, shown by Intl.

/**
 * The messages that stand in the script element with this id.
 * @param {string} id
 * @returns {(key: string, args?: Record<string, unknown>) => string}
 */
export function messages(id) {
  return reader(JSON.parse(document.getElementById(id).textContent));
}

/**
 * The messages of what an element was given, as messages does.
 * @param {{locale: string, messages: Record<string, unknown>}} data
 */
export function reader({ locale, messages }) {
  const number = (n, style = "") => new Intl.NumberFormat(locale, numeric(style)).format(n);

  const write = (parts, args, shown) => {
    if (typeof parts === "string") return parts;
    return parts.map((p) => {
      if (typeof p === "string") return p;
      if (p === true) return number(shown);
      if (!(p.a in args)) throw new Error(`a message needs the argument ${p.a}: give it`);
      const value = args[p.a];
      switch (p.k) {
        case "number":
          return number(value, p.s);
        case "date":
          return new Intl.DateTimeFormat(locale, { dateStyle: p.s || "medium" }).format(value);
        case "time":
          return new Intl.DateTimeFormat(locale, { timeStyle: p.s || "medium" }).format(value);
        case "select":
          return write(Object.hasOwn(p.c, value) ? p.c[value] : p.c.other, args, shown);
        case "plural":
        case "selectordinal": {
          const left = value - (p.o ?? 0);
          const type = p.k === "plural" ? "cardinal" : "ordinal";
          const form = new Intl.PluralRules(locale, { type }).select(left);
          return write(p.c["=" + value] ?? p.c[form] ?? p.c.other, args, left);
        }
      }
      if (typeof value === "number" || typeof value === "bigint") return number(value);
      return value instanceof Date ? new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(value) : String(value);
    }).join("");
  };

  return (key, args = {}) => {
    if (!Object.hasOwn(messages, key)) throw new Error(`there is no message ${key} here: name it where the messages are embedded`);
    return write(messages[key], args);
  };
}

function numeric(style) {
  if (style === "percent") return { style, maximumFractionDigits: 1 };
  if (style.startsWith("::currency/")) return { style: "currency", currency: style.slice(11) };
  if (style === "integer" || style === "::precision-integer") return { maximumFractionDigits: 0 };
  if (style.startsWith("::.")) return { minimumFractionDigits: style.length - 3, maximumFractionDigits: style.length - 3 };
  return {};
}
