// What makes the report better to read, and is not needed to read it: one crosshair for all plots, marks that lead to
// their line of the journal, queries that can be copied, and everything unfolded on paper.
(() => {
  "use strict";
  const round = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)).replace(/\.0+$/, "");
  const told = {
    share: (v) => round(v * 100) + " %",
    seconds: (v) => (v < 1 ? round(v * 1000) + " ms" : round(v) + " s"),
    rate: (v) => round(v) + "/s",
    count: (v) => Math.round(v).toLocaleString("en"),
    factor: (v) => round(v) + "×",
  };
  const offset = (s) => (s < 0 ? "−" : "+") + Math.abs(s).toFixed(Math.abs(s) < 120 ? 1 : 0) + " s";

  // The points of a row, read back from its line; a new part begins at each M.
  const points = (row) => {
    const path = row.querySelector("path.line");
    const { full, top, base } = row.dataset;
    const value = (y) => ((base - y) / (base - top)) * full;
    const parts = path ? path.getAttribute("d").split("M").filter(Boolean) : [];
    return parts.map((part) => part.split(" ").map((pair) => pair.split(",").map(Number)).map(([x, y]) => [x, value(y)]));
  };
  const at = (parts, x) => {
    for (const part of parts) {
      if (x < part[0][0] - 1 || x > part[part.length - 1][0] + 1) continue;
      return part.reduce((best, point) => (Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best))[1];
    }
    return null;
  };

  const pictures = [...document.querySelectorAll("svg.time")].map((svg) => {
    const frame = svg.querySelector("g.frame");
    const data = Object.fromEntries(Object.entries(frame.dataset).map(([key, value]) => [key, Number(value)]));
    const rows = [...svg.querySelectorAll("g.row")].map((row) => ({
      unit: row.dataset.unit,
      parts: points(row),
      value: row.querySelector(".rowvalue"),
      of: row.querySelector(".rowof"),
    }));
    rows.forEach((row) => { row.usual = [row.value.textContent, row.of.textContent]; });
    const hair = document.createElementNS(svg.namespaceURI, "line");
    hair.setAttribute("class", "hair");
    hair.setAttribute("y1", "14");
    hair.setAttribute("y2", String(svg.viewBox.baseVal.height - 18));
    frame.append(hair);
    return { svg, data, rows, hair };
  });

  const show = (seconds) => {
    for (const { data, rows, hair } of pictures) {
      const x = data.left + ((seconds - data.from) / (data.to - data.from)) * (data.right - data.left);
      hair.setAttribute("x1", x);
      hair.setAttribute("x2", x);
      hair.classList.add("on");
      for (const row of rows) {
        const value = at(row.parts, x);
        row.value.textContent = value === null ? "no data" : told[row.unit](value);
        row.of.textContent = offset(seconds);
      }
    }
  };
  const hide = () => {
    for (const { rows, hair } of pictures) {
      hair.classList.remove("on");
      rows.forEach((row) => { [row.value.textContent, row.of.textContent] = row.usual; });
    }
  };

  let now = 0;
  for (const { svg, data } of pictures) {
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
      if (x < data.left || x > data.right) return hide();
      now = data.from + ((x - data.left) / (data.right - data.left)) * (data.to - data.from);
      show(now);
    });
    svg.addEventListener("pointerleave", hide);
    const region = svg.parentElement;
    region.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") return hide();
      if (!step || region.scrollWidth > region.clientWidth) return;
      event.preventDefault();
      now = Math.min(data.to, Math.max(data.from, now + step * (event.shiftKey ? 10 : 1)));
      show(now);
    });
    region.addEventListener("blur", hide);
  }

  // A mark leads to its line in the table of events.
  const open = (id) => {
    const line = document.getElementById(id);
    if (!line) return;
    for (let above = line.parentElement; above; above = above.parentElement) if (above.tagName === "DETAILS") above.open = true;
    line.scrollIntoView({ block: "center" });
    line.classList.add("found");
    setTimeout(() => line.classList.remove("found"), 2500);
  };
  document.querySelectorAll("[data-seq]").forEach((mark) => mark.addEventListener("click", () => open("j" + mark.dataset.seq)));
  document.querySelectorAll("a.seq").forEach((link) => link.addEventListener("click", () => open(link.getAttribute("href").slice(1))));

  document.querySelectorAll("pre.query").forEach((query) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy the query";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(query.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(query);
        button.textContent = "Selected: copy it with the keyboard";
      }
    });
    query.after(button);
  });

  const folded = [...document.querySelectorAll("main details")];
  const button = document.createElement("button");
  button.type = "button";
  button.className = "unfold";
  button.textContent = "Unfold everything";
  button.addEventListener("click", () => {
    const all = folded.every((one) => one.open);
    folded.forEach((one) => { one.open = !all; });
    button.textContent = all ? "Unfold everything" : "Fold everything";
  });
  document.querySelector("header.top").append(button);

  let before = [];
  addEventListener("beforeprint", () => {
    before = folded.filter((one) => !one.open);
    before.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => before.forEach((one) => { one.open = false; }));
})();
