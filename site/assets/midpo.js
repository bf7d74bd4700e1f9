/* What pages do once they are read: nothing here is needed to read them. */
(() => {
  "use strict";
  const all = (query, root = document) => [...root.querySelectorAll(query)];
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

  /* Copy the LaTeX of a formula; scroll a wide one by keyboard. */
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = make("textarea", { value: text });
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  const addCopy = (place, label, text) => {
    const button = make("button", { type: "button", className: "copy", textContent: label });
    button.addEventListener("click", async () => {
      await copy(text);
      button.textContent = "copied";
      setTimeout(() => (button.textContent = label), 1200);
    });
    place.append(button);
  };
  const addCopies = () => {
    for (const formula of all(".eq")) {
      const latex = formula.querySelector("annotation")?.textContent;
      if (latex) addCopy(formula, "copy LaTeX", latex);
    }
    for (const code of all("pre > code")) {
      const block = code.closest(".highlight") ?? code.parentElement;
      addCopy(block, "copy", code.textContent.trimEnd());
    }
  };
  const letScroll = () => {
    /* Regions of a page are told apart by their names: hence the numbers. */
    const numbers = { formula: 0, table: 0 };
    for (const formula of all(".eq, .motions li, .laws dd, .md-typeset__scrollwrap, .md-typeset__table")) {
      const kind = formula.matches(".eq") ? "formula" : "table";
      numbers[kind] += 1;
      const wide = formula.scrollWidth > formula.clientWidth + 1;
      if (wide && !formula.hasAttribute("tabindex")) {
        formula.tabIndex = 0;
        formula.dataset.wide = "";
        if (formula.matches("li, dd")) continue; /* it stays an item of its list */
        formula.setAttribute("role", "region");
        formula.setAttribute("aria-label", `wide ${kind} ${numbers[kind]}`);
      } else if (!wide && "wide" in formula.dataset) {
        for (const name of ["tabindex", "role", "aria-label", "data-wide"]) formula.removeAttribute(name);
      }
    }
  };

  /* Symbols explain themselves, from the table of symbols on the same page. */
  const tip = make("div", { id: "midpo-tip", hidden: true });
  tip.setAttribute("role", "tooltip");
  const meaning = (symbol) => document.querySelector(`#symbol-${CSS.escape(symbol.dataset.s)} .tip`)?.textContent;
  const explain = (event) => {
    const symbol = event.target.closest?.("[data-s]");
    const text = symbol && meaning(symbol);
    tip.hidden = !text;
    if (!text) return;
    tip.textContent = text;
    const box = symbol.getBoundingClientRect();
    const left = Math.min(box.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
    tip.style.left = `${Math.max(8, left) + scrollX}px`;
    tip.style.top = `${box.bottom + scrollY + 6}px`;
  };
  const addTips = () => {
    document.body.append(tip);
    for (const event of ["mouseover", "focusin", "click"]) document.addEventListener(event, explain);
    document.addEventListener("keydown", (event) => event.key === "Escape" && (tip.hidden = true));
    const seen = new Set();
    for (const symbol of all(".theorem [data-s]")) {
      if (seen.has(symbol.dataset.s) || !meaning(symbol)) continue;
      seen.add(symbol.dataset.s);
      symbol.setAttribute("tabindex", "0");
      symbol.setAttribute("aria-describedby", `symbol-${symbol.dataset.s}`);
    }
  };

  /* Steps open and close together, one whose address is asked for by itself; a page is printed with everything open. */
  const addToolbar = () => {
    for (const button of all("[data-steps]"))
      button.addEventListener("click", () =>
        all(":is(.step, .stage) details").forEach((each) => (each.open = button.dataset.steps === "open")),
      );
    const reveal = () => {
      const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      for (let each = target; each; each = each.parentElement) if (each.matches("details")) each.open = true;
      target?.querySelector(".line > details")?.setAttribute("open", "");
      target?.scrollIntoView();
    };
    if (document.querySelector(".step")) {
      addEventListener("hashchange", reveal);
      reveal();
    }
    addEventListener("beforeprint", () => all("details").forEach((each) => (each.open = true)));
  };

  /* A filter leaves what holds all of its words; the heading of nothing goes as well. */
  const addFilter = (filter) => {
    const [input, count] = [filter.querySelector("input"), filter.querySelector(".count")];
    const items = all(filter.dataset.filters);
    const show = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const item of items)
        item.hidden = !words.every((word) => item.textContent.toLowerCase().includes(word));
      let heading;
      for (const each of items[0].parentElement.children) {
        if (each.matches("h2")) [heading, each.hidden] = [each, true];
        else if (heading && !each.hidden) heading.hidden = false;
      }
      count.textContent = `${items.filter((item) => !item.hidden).length} of ${items.length}`;
    };
    input.addEventListener("input", show);
    filter.hidden = false;
    show();
  };

  /* The table of all algorithms is sorted by any column. */
  const addTable = (table) => {
    const body = table.tBodies[0];
    const headings = all("thead th", table);
    headings.forEach((heading, column) => {
      const button = make("button", { type: "button", textContent: heading.textContent });
      heading.replaceChildren(button);
      button.addEventListener("click", () => {
        const up = heading.getAttribute("aria-sort") !== "ascending";
        headings.forEach((each) => each.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", up ? "ascending" : "descending");
        const text = (row) => row.cells[column].textContent.trim();
        [...body.rows]
          .sort((a, b) => (up ? 1 : -1) * text(a).localeCompare(text(b), "en", { numeric: true }))
          .forEach((row) => body.append(row));
      });
    });
  };

  /* Facets leave the rows of a table that have what is chosen. */
  const addFacets = (facets) => {
    const table = document.querySelector(facets.dataset.facets);
    const names = all("thead th", table).map((each) => each.dataset.name);
    const rows = [...table.tBodies[0].rows];
    const cell = (row, name) => row.cells[names.indexOf(name)].textContent;
    const show = () => {
      const words = facets.querySelector("[type=search]").value.toLowerCase().split(/\s+/).filter(Boolean);
      const tests = [(row) => words.every((word) => row.textContent.toLowerCase().includes(word))];
      for (const each of all("[data-column]", facets))
        if (each.value) tests.push((row) => cell(row, each.dataset.column) === each.value);
      for (const each of all("[data-from]", facets))
        if (each.value) tests.push((row) => cell(row, each.dataset.from) >= each.value && /\d/.test(cell(row, each.dataset.from)));
      for (const each of all("[data-without]:checked", facets))
        tests.push((row) => !cell(row, each.dataset.without).split(", ").includes(each.value));
      for (const each of all("[data-only]:checked", facets))
        tests.push((row) => cell(row, each.dataset.only).startsWith(each.value));
      for (const row of rows) row.hidden = !tests.every((test) => test(row));
      facets.querySelector(".count").textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
    };
    facets.addEventListener("input", show);
    facets.hidden = false;
    show();
  };

  /* Losses are programs over pairs [value, derivative]; each page brings its own. */
  const dual = {
    number: (a) => [a, 0],
    add: (a, b) => [a[0] + b[0], a[1] + b[1]],
    multiply: (a, b) => [a[0] * b[0], a[1] * b[0] + a[0] * b[1]],
    divide: (a, b) => [a[0] / b[0], (a[1] * b[0] - a[0] * b[1]) / b[0] ** 2],
    negate: (a) => [-a[0], -a[1]],
    power: (a, b) => {
      const value = a[0] ** b[0];
      const slope = a[1] ? b[0] * a[0] ** (b[0] - 1) * a[1] : 0;
      return [value, slope + (b[1] ? value * Math.log(a[0]) * b[1] : 0)];
    },
    exp: (a) => [Math.exp(a[0]), Math.exp(a[0]) * a[1]],
    log: (a) => [Math.log(a[0]), a[1] / a[0]],
    max: (a, b) => (a[0] >= b[0] ? a : b),
    hold: (a) => [a[0], 0],
  };
  const evaluate = (name, values, x, settings) => {
    const point = {};
    for (const each of settings.fixed) point[each] = [settings.reference, 0];
    for (const [key, value] of Object.entries(values)) point[key] = [value, 0];
    if ("logp_pi_l" in values) point.logp_pi_l = [settings.reference + values.logp_pi_l, 0];
    point[settings.variable] = [settings.reference + x, 1];
    return window.midpoLosses[name](dual, point);
  };
  window.midpoEvaluate = evaluate;
  const addSliders = (figure) => {
    const settings = JSON.parse(figure.dataset.live);
    const panel = figure.querySelector(".sliders");
    const inputs = all("input", panel);
    const plots = all(".plot", figure).map((plot) => {
      const path = plot.querySelector('[id$="-curve"]');
      const rest = path.cloneNode();
      rest.removeAttribute("style");
      rest.removeAttribute("id");
      rest.classList.add("rest");
      path.before(rest);
      return { plot, path, box: plot.dataset.box.split(" ").map(Number) };
    });
    const draw = () => {
      const values = Object.fromEntries(inputs.map((input) => [input.name, Number(input.value)]));
      for (const input of inputs) input.nextElementSibling.value = input.value;
      for (const { plot, path, box } of plots) {
        const [left, right, bottom, top] = box;
        const [low, high] = [Number(plot.dataset.low), Number(plot.dataset.high)];
        let line = "";
        for (let k = 0; k <= 120; k++) {
          const x = settings.horizon * (k / 60 - 1);
          const result = evaluate(settings.name, values, x, settings);
          const y = result[plot.dataset.kind === "loss" ? 0 : 1];
          const down = bottom + ((y - low) / (high - low)) * (top - bottom);
          line += `${k ? "L" : "M"}${(left + ((right - left) * k) / 120).toFixed(1)} ${down.toFixed(1)}`;
        }
        path.setAttribute("d", line);
      }
    };
    panel.addEventListener("input", draw);
    panel.querySelector("[data-reset]").addEventListener("click", () => {
      for (const input of inputs) input.value = input.defaultValue;
      draw();
    });
    panel.hidden = false;
  };

  document.addEventListener("DOMContentLoaded", () => {
    addCopies();
    letScroll();
    addEventListener("resize", letScroll);
    document.addEventListener("toggle", letScroll, true);
    document.fonts?.ready.then(letScroll);
    addTips();
    addToolbar();
    all("[data-filters]").forEach(addFilter);
    all("[data-facets]").forEach(addFacets);
    all("#comparison, .sortable").forEach(addTable);
    all("[data-live]").forEach(addSliders);
    all(".md-search[role=dialog]").forEach((each) => each.setAttribute("aria-label", "Search"));
  });
})();
