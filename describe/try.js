for (const box of document.querySelectorAll(".api .try")) {
  let [button, shown, running] = [box.querySelector("button"), box.querySelector("pre")];
  button.onclick = async () => {
    if (running) return running.abort();
    running = new AbortController();
    [button.textContent, shown.hidden, shown.textContent] = ["Stop", false, ""];
    let [path, body, query] = [box.dataset.path, null, new URLSearchParams()];
    const headers = new Headers({ Accept: "application/json, text/event-stream" });
    for (const { name, value, files, dataset } of box.querySelectorAll("[data-in]")) {
      const segments = dataset.in === "rest" ? value.split("/") : [value];
      if (dataset.in === "path" || dataset.in === "rest") path = path.replace(`{${name}}`, () => segments.map(encodeURIComponent).join("/"));
      else if (dataset.in === "body") [body] = [value, headers.set("Content-Type", "application/json")];
      else if (dataset.in === "form") {
        body ??= new FormData();
        for (const part of files ?? (value === "" ? [] : [value])) body.append(name, part);
      } else if (value !== "") dataset.in === "query" ? query.append(name, value) : headers.set(name, value);
    }
    try {
      const answer = await fetch(path + (query.size ? `?${query}` : ""), { method: box.dataset.method, headers, body, signal: running.signal });
      shown.textContent = `${answer.status} ${answer.statusText}\n`;
      for (const name of ["Content-Type", "Location", "ETag", "Cache-Control", "Retry-After", "Deprecation", "Request-Id"])
        if (answer.headers.has(name)) shown.textContent += `${name}: ${answer.headers.get(name)}\n`;
      const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
      for (let part = { value: "\n" }; part && !part.done; part = await reader?.read()) shown.textContent += part.value;
    } catch (error) {
      shown.textContent += `\n${error}`;
    }
    [running, button.textContent] = [undefined, "Send"];
  };
}
