"use strict";
// Re-arranges what is on the page already; nothing is loaded, and without it everything is still readable.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent).tables;
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const status = byId("status");
  const forms = ["controls", "pick", "calculator"].map(byId).filter(Boolean);
  // What is to be known of the view itself; it stays beside what has happened last.
  let notes = [];
  const say = (text) => { status.textContent = [text, ...notes].filter(Boolean).join(" · "); };

  // What a view is made of; what is as here is not written into the address.
  const field = (name) => forms.flatMap((form) => all(`[name=${name}]`, form));
  const NAMES = ["show", "at", "base", "find", "theme", "a", "b", "by", "own"];
  const get = (name) => {
    const fields = field(name);
    const one = fields.length > 1 ? fields.find((radio) => radio.checked) : fields[0];
    return one ? one.value : "";
  };
  const put = (name, value) => {
    const fields = field(name);
    if (fields.length > 1) {
      const one = fields.find((radio) => radio.value === value);
      if (one) one.checked = true;
      return Boolean(one);
    }
    if (!fields[0]) return false;
    fields[0].value = value;
    return fields[0].value === value;
  };
  if (field("b")[0] && field("b")[0].options.length > 1) field("b")[0].selectedIndex = 1;
  const DEFAULTS = Object.fromEntries(NAMES.map((name) => [name, get(name)]));
  const ARMS = new Set(all("tr[data-arm]").map((row) => row.dataset.arm));
  let pins = new Set();
  let sorts = {};
  let place = ""; // on the page, where a link leads

  const write = () => {
    const parts = NAMES.filter((name) => get(name) !== DEFAULTS[name]).map((name) => [name, get(name)]);
    if (pins.size) parts.push(["pin", [...pins].join(",")]);
    for (const [table, [column, way]] of Object.entries(sorts)) parts.push(["sort", `${table},${column},${way}`]);
    if (place) parts.push(["to", place]);
    const hash = parts.map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  };
  const read = () => {
    const text = location.hash.slice(1);
    const unknown = [];
    // A link within the page names a place alone, and keeps the view.
    const isPlace = !text.includes("=");
    if (!text || !isPlace) {
      for (const name of NAMES) put(name, DEFAULTS[name]);
      pins = new Set();
      sorts = {};
      place = "";
    }
    for (const pair of (isPlace && text ? `to=${text}` : text).split("&").filter(Boolean)) {
      let [name, value] = [pair, ""];
      try {
        [name, value = ""] = pair.split("=").map(decodeURIComponent);
      } catch { /* not an address of ours */ }
      const [table, column, way] = value.split(",");
      if (name === "pin") value.split(",").forEach((arm) => (ARMS.has(arm) ? pins.add(arm) : unknown.push(`pin=${arm}`)));
      else if (name === "to" && byId(value)) place = value;
      else if (name === "sort" && headOf(byId(table), column) && /^(a|de)scending$/.test(way)) sorts[table] = [Number(column), way];
      else if (!NAMES.includes(name) || !put(name, value)) unknown.push(value ? `${name}=${value}` : name);
    }
    apply();
    const target = place && byId(place);
    if (target && target.closest("[hidden]")) {
      put("show", "");
      apply();
    }
    if (target) target.scrollIntoView();
    write();
    if (unknown.length) say(`Not understood in the address: ${unknown.join(", ")}`);
  };

  // As the tables are written: as many digits as the interval leaves a meaning.
  const halfWidth = (low, high) => Math.sqrt(high / low) - 1;
  const written = ([ratio, low, high]) => {
    const half = halfWidth(low, high);
    const digits = Math.min(6, Math.max(3, Math.ceil(-Math.log10(half * ratio))));
    return `${ratio.toFixed(Number.isFinite(digits) ? digits : 3)}\u00a0±${(half * 100).toFixed(1)}%`;
  };
  const pairOf = (table, name, one, other) => {
    const measure = ((data[table] || {}).measures || []).find((measure) => measure.name === name);
    if (!measure) return null;
    const [row, column] = [measure.arms.indexOf(one), measure.arms.indexOf(other)];
    return row < 0 || column < 0 ? null : measure.pairs[row][column];
  };

  const tables = all("table.figures");
  const cellOf = (row, column) => row.children[column];
  const headOf = (table, column) => {
    const head = tables.includes(table) && /^\d+$/.test(column) && cellOf(table.tHead.rows[0], column);
    return head && head.tagName === "TH" ? head : null;
  };
  for (const table of tables) {
    const rows = all("tbody tr", table);
    rows.forEach((row, at) => { row.dataset.at = at; });
    all("thead tr > *", table).forEach((head, column) => {
      head.dataset.text = head.textContent;
      if (head.tagName !== "TH") return;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        const first = head.classList.contains("n") && !head.dataset.text.startsWith("rank") ? "descending" : "ascending";
        const second = first === "ascending" ? "descending" : "ascending";
        if (now === second) delete sorts[table.id];
        else sorts[table.id] = [column, now === first ? second : first];
        apply();
        write();
        say(sorts[table.id] ? `Sorted by ${head.dataset.text}, ${sorts[table.id][1]}` : "In the order of the ranks");
      });
      if (head.dataset.measure) {
        for (const row of rows) {
          const cell = cellOf(row, column);
          [cell.dataset.first, cell.dataset.firstKey] = [cell.textContent, cell.dataset.key || ""];
        }
      }
    });
    for (const row of rows.filter((row) => row.dataset.arm)) {
      const name = row.querySelector("th");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name.textContent;
      button.title = "Highlight this row in every table";
      name.replaceChildren(button);
      button.addEventListener("click", () => {
        const arm = row.dataset.arm;
        if (!pins.delete(arm)) pins.add(arm);
        apply();
        write();
        say(`${arm} ${pins.has(arm) ? "is" : "is not"} highlighted`);
      });
    }
  }

  // 1.10 comes after 1.9.
  const inWords = new Intl.Collator("en", { numeric: true });
  const sort = (table) => {
    const [column, way] = sorts[table.id] || [-1, ""];
    all("thead tr > th", table).forEach((head) => head.setAttribute("aria-sort", "none"));
    const head = headOf(table, column);
    if (head) head.setAttribute("aria-sort", way);
    const key = (row) => {
      const cell = cellOf(row, column);
      if (!cell) return null;
      if (cell.dataset.key) return Number(cell.dataset.key);
      if (!head.classList.contains("n")) return cell.textContent || null;
      // A figure that is written in full needs no key.
      const figure = Number(cell.textContent.replaceAll(",", ""));
      return cell.textContent && Number.isFinite(figure) ? figure : null;
    };
    const order = (one, other) => {
      const [left, right] = column < 0 ? [null, null] : [key(one), key(other)];
      // What has no figure stands last, whichever way.
      if ((left === null) !== (right === null)) return left === null ? 1 : -1;
      const sign = way === "descending" ? -1 : 1;
      const by = left === null ? 0 : typeof left === "string" ? inWords.compare(left, right) : left - right;
      return sign * by || one.dataset.at - other.dataset.at;
    };
    const body = table.tBodies[0];
    body.append(...all("tr", body).sort(order));
    // Brackets join neighbours in the order of the ranks only.
    all(".bracket", table).forEach((cell) => cell.classList.toggle("off", column >= 0));
  };

  const rebase = (table) => {
    const base = get("base");
    all("thead tr > *", table).forEach((head, column) => {
      if (!head.dataset.measure) return;
      const label = base ? head.dataset.text.replace("baseline", base) : head.dataset.text;
      head.querySelector("button").textContent = label;
      for (const row of all("tbody tr", table)) {
        const cell = cellOf(row, column);
        let [text, key] = [cell.dataset.first, cell.dataset.firstKey];
        if (base) {
          const pair = pairOf(table.id, head.dataset.measure, row.dataset.arm, base);
          const isBase = row.dataset.arm === base && text !== "-";
          [text, key] = pair ? [written(pair), pair[0]] : isBase ? ["1.000", 1] : ["-", ""];
        }
        cell.textContent = text;
        if (key === "") delete cell.dataset.key; else cell.dataset.key = key;
      }
    });
  };

  const row = (texts, classes) => {
    const line = document.createElement("tr");
    texts.forEach((text, at) => {
      const cell = document.createElement("td");
      cell.textContent = text;
      if (classes[at]) cell.className = classes[at];
      line.append(cell);
    });
    return line;
  };
  const pairView = () => {
    const body = byId("pairs");
    if (!body) return;
    const [a, b, by] = [get("a"), get("b"), get("by")];
    const lines = [];
    // A narrow page has room for three cells: there the first one says what the next two do.
    const line = (first, at, measure, ratio, verdict, colour) => {
      const line = row([first, at, measure, ratio, verdict], ["", "wide", "wide", "n", colour]);
      const rest = document.createElement("span");
      rest.className = "narrow";
      rest.textContent = at && `, ${at}, ${measure}`;
      line.firstChild.append(rest);
      lines.push(line);
    };
    for (const [id, table] of Object.entries(data)) {
      for (const measure of table.measures.filter((one) => !by || one.name === by)) {
        const pair = pairOf(id, measure.name, a, b);
        if (!pair) continue;
        const better = (pair[0] > 1) === measure.higher;
        const said = !pair[3] ? "· not distinguishable" : better ? `▲ ${a} is better` : `▼ ${b} is better`;
        const verdict = table.untrusted ? `${said}? (untrusted)` : said;
        const colour = !pair[3] || table.untrusted ? "" : better ? "better" : "worse";
        line(table.experiment, table.heading, measure.name, written(pair), verdict, colour);
      }
    }
    if (!lines.length) line(a === b ? "Choose two." : "They have no measure in common.", "", "", "", "", "");
    body.replaceChildren(...lines);
  };

  const calculator = () => {
    const cost = byId("cost");
    if (!cost) return;
    const own = Math.max(0, Number(get("own")) || 0);
    byId("own-said").textContent = `${own} µs`;
    const prices = {};
    for (const line of all("tbody tr", cost)) {
      const us = Number(line.dataset.us);
      prices[line.dataset.arm] = us;
      line.lastElementChild.textContent = ((100 * us) / (us + own)).toFixed(1);
    }
    const [a, b] = [get("a"), get("b")];
    const pair = pairOf(cost.dataset.table, cost.dataset.measure, a, b);
    let text = a === b || !a || !b
      ? `Choose two under “Compare two” to see how far a request differs between them.`
      : !(a in prices && b in prices)
        ? "The calculator covers contestants and the baseline; choose two of those."
        : `No CPU time per request was measured for both ${a} and ${b}.`;
    if (pair && a in prices && b in prices) {
      // Pairs are of requests per CPU second: a cost is their inverse.
      const change = (ratio) => 100 * ((own + prices[b] / ratio) / (own + prices[b]) - 1);
      const [middle, ends] = [change(pair[0]), [change(pair[2]), change(pair[1])]];
      const said = (value) => `${Math.abs(value).toFixed(2)}% ${value > 0 ? "more" : "less"}`;
      text = `With ${own} µs of your own, a request costs ${said(middle)} with ${a} than with ${b} ` +
        `(95%: ${said(ends[0])} to ${said(ends[1])})${pair[3] ? "" : "; they are not distinguishable"}.`;
    }
    byId("difference").textContent = text;
  };

  // What the choice leaves out, which nobody would know of an empty table or of one that shows all.
  const noted = (show, at, find) => {
    const shown = all("section.run:not([hidden])");
    const isAt = (run) => all("section.part", run).some((part) => part.dataset.condition === at);
    const lines = shown.flatMap((run) => all(".part:not([hidden]) .figures tr[data-arm]:not([hidden])", run));
    return [
      at && !shown.some(isAt) && `${show} was not measured at “${at}”: all of it is shown`,
      find && !lines.length && `No row matches “${find}”.`,
    ];
  };

  const apply = () => {
    const [show, at, find, theme] = ["show", "at", "find", "theme"].map(get);
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    for (const run of all("section.run")) {
      run.hidden = Boolean(show) && run.dataset.experiment !== show;
      const parts = all("section.part", run);
      const has = parts.some((part) => part.dataset.condition === at);
      parts.forEach((part) => { part.hidden = Boolean(at) && has && part.dataset.condition !== at; });
    }
    for (const table of tables) {
      rebase(table);
      sort(table);
      for (const line of all("tbody tr[data-arm]", table)) {
        line.hidden = Boolean(find) && !line.dataset.arm.toLowerCase().includes(find.toLowerCase());
        line.classList.toggle("pinned", pins.has(line.dataset.arm));
        const button = line.querySelector("th button");
        if (button) button.setAttribute("aria-pressed", String(pins.has(line.dataset.arm)));
      }
    }
    notes = noted(show, at, find);
    say("");
    pairView();
    calculator();
  };

  for (const form of forms) {
    form.hidden = false;
    form.addEventListener("input", () => { apply(); write(); });
    form.addEventListener("submit", (event) => event.preventDefault());
  }
  if (byId("pair")) byId("pair").hidden = false;
  byId("reset").addEventListener("click", () => { history.replaceState(null, "", location.pathname + location.search); read(); say("View reset"); });
  byId("copy").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      say("Copied");
    } catch {
      say("The address of this page is the link");
    }
  });
  addEventListener("hashchange", read);
  addEventListener("beforeprint", () => all("details").forEach((one) => { one.dataset.was = one.open ? "1" : ""; one.open = true; }));
  addEventListener("afterprint", () => all("details").forEach((one) => { one.open = Boolean(one.dataset.was); }));
  apply();
  read();
})();
