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
  const NAMES = ["show", "at", "cols", "variant", "base", "find", "theme", "a", "b", "by", "own"];
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
    const [only] = fields;
    if (!only) return false;
    const before = only.value;
    only.value = value;
    const fits = only.value === value && only.checkValidity();
    if (!fits) only.value = before;
    return fits;
  };
  // A browser may have kept what was chosen before a reload; the address says what is.
  // A button is called reset.
  forms.forEach((form) => HTMLFormElement.prototype.reset.call(form));
  if (field("b")[0] && field("b")[0].options.length > 1) field("b")[0].selectedIndex = 1;
  const DEFAULTS = Object.fromEntries(NAMES.map((name) => [name, get(name)]));
  const ARMS = new Set(all("tr[data-arm]").map((row) => row.dataset.arm));
  let pins = new Set();
  let sorts = {};
  let place = ""; // on the page, where a link leads

  const write = () => {
    const isMeant = (name) => get(name) !== DEFAULTS[name] && field(name).every((one) => one.checkValidity());
    const parts = NAMES.filter(isMeant).map((name) => [name, get(name)]);
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
    const said = [];
    if (target && target.closest("[hidden]")) {
      for (const name of ["show", "at", "cols", "find"]) put(name, DEFAULTS[name]);
      apply();
      said.push("All is shown again, for the link leads to what was hidden");
    }
    if (target) target.scrollIntoView();
    write();
    if (unknown.length) said.push(`Not understood in the address: ${unknown.join(", ")}`);
    if (said.length) say(said.join(" · "));
  };

  // As the tables are written: as many digits as the interval leaves a meaning.
  const halfWidth = (low, high) => Math.sqrt(high / low) - 1;
  const twoDigits = (value) => value.toFixed(Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(value)))));
  const written = ([ratio, low, high]) => {
    const half = halfWidth(low, high);
    if (half > 0.5) return `${twoDigits(ratio)}\u00a0(${twoDigits(low)}–${twoDigits(high)})`;
    const digits = Math.min(6, Math.max(3, Math.ceil(-Math.log10(half * ratio))));
    return `${ratio.toFixed(Number.isFinite(digits) ? digits : 3)}\u00a0±${(half * 100).toFixed(1)}%`;
  };
  const pairOf = (table, name, one, other) => {
    const measure = ((data[table] || {}).measures || []).find((measure) => measure.name === name);
    if (!measure) return null;
    const [row, column] = [measure.arms.indexOf(one), measure.arms.indexOf(other)];
    if (row < 0 || column < 0 || row === column) return null;
    // Each pair is stored once, as the first of the two against the second.
    if (row < column) return measure.pairs[row][column - row - 1];
    const pair = measure.pairs[column][row - column - 1];
    return pair && [1 / pair[0], 1 / pair[2], 1 / pair[1], pair[3]];
  };

  const tables = all("table.figures");
  const cellOf = (row, column) => row.children[column];
  const headOf = (table, column) => {
    const head = tables.includes(table) && /^\d+$/.test(column) && cellOf(table.tHead.rows[0], column);
    return head && head.classList.contains("sorts") ? head : null;
  };
  for (const table of tables) {
    const rows = all("tbody tr", table);
    rows.forEach((row, at) => { row.dataset.at = at; });
    all("thead tr > *", table).forEach((head, column) => {
      head.dataset.text = head.textContent;
      // What is said in sentences has no order.
      if (head.tagName !== "TH" || rows.some((row) => cellOf(row, column).classList.contains("long"))) return;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      head.setAttribute("aria-sort", "none");
      head.classList.add("sorts");
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
    all("thead th.sorts", table).forEach((head) => head.setAttribute("aria-sort", "none"));
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

  // Which columns: the main ones, those of a measure or all, and of variants one or all.
  const VARIANTS = field("variant").map((one) => one.value).filter(Boolean);
  const columns = (table) => {
    const [cols, variant] = [get("cols"), get("variant")];
    all("thead tr > *", table).forEach((head, column) => {
      const { group, text = "" } = head.dataset;
      const own = VARIANTS.find((one) => text.endsWith(one));
      const isDetail = head.classList.contains("detail");
      const isOut = !cols ? isDetail : cols === "all" ? false : group ? group !== cols : isDetail;
      // Gains are over the first one, so that stays.
      const hidden = isOut || Boolean(variant && own && own !== variant && own !== VARIANTS[0]);
      for (const line of table.rows) if (cellOf(line, column)) cellOf(line, column).hidden = hidden;
    });
  };
  const hasColumns = (part) => {
    const cols = get("cols");
    return !cols || cols === "all" || all("th[data-group]", part).some((head) => head.dataset.group === cols);
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
    const [a, b, by, show, at] = ["a", "b", "by", "show", "at"].map(get);
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
      if ((show && table.experiment !== show) || (at && table.condition !== at)) continue;
      for (const measure of table.measures.filter((one) => !by || one.name === by)) {
        const pair = pairOf(id, measure.name, a, b);
        if (!pair) continue;
        const better = (pair[0] > 1) === measure.higher;
        const said = !pair[3] ? "· not distinguishable" : better ? `▲ ${a} is better` : `▼ ${b} is better`;
        const verdict = table.untrusted ? "untrusted: not to be relied on" : said;
        const colour = !pair[3] || table.untrusted ? "" : better ? "better" : "worse";
        line(table.experiment, table.heading, measure.name, written(pair), verdict, colour);
      }
    }
    if (!lines.length) line(a === b ? "Choose two." : "They have no measure in common in what is shown.", "", "", "", "", "");
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
        `(95%: ${said(ends[0])} to ${said(ends[1])})${pair[3] ? "" : "; they are not distinguishable"}. ` +
        "This compares slices that are next to each other in time, so it can differ from the column below.";
      if (pair[3] && pair[1] <= 1 && pair[2] >= 1) text += " The stepwise test tells the two apart; this interval, its first step, does not.";
    }
    byId("difference").textContent = text;
  };

  // What the choice leaves out, which nobody would know of an empty table or of one that shows all.
  const noted = (left) => {
    const [show, at, find, base] = ["show", "at", "find", "base"].map(get);
    const shown = all("section.run:not([hidden])");
    const isAt = (run) => all("section.part", run).some((part) => part.dataset.condition === at);
    const lines = shown.flatMap((run) => all(".part:not([hidden]) .figures tr[data-arm]:not([hidden])", run));
    const lacks = (run) => all(".part:not([hidden]) .figures", run).some((table) => {
      const { measures = [] } = data[table.id] || {};
      return table.querySelector("th[data-measure]") && !measures.some((one) => one.arms.includes(base));
    });
    const without = base ? shown.filter(lacks).map((run) => run.dataset.experiment) : [];
    return [
      left.at.length && `Without a table at “${at}”, and hidden: ${left.at.join(", ")}.`,
      left.columns.length && `Without columns of “${get("cols")}”, and hidden: ${left.columns.join(", ")}.`,
      shown.length && at && show && !shown.some(isAt) && `${show} was not measured at “${at}”: all of it is shown`,
      find && !lines.length && `No row matches “${find}”.`,
      without.length && `No ratio to ${base} in ${without.join(", ")}.`,
    ];
  };

  // Parts that were measured so, or all of a run that is asked for by its name and was not.
  const select = () => {
    const [show, at] = [get("show"), get("at")];
    const left = { at: [], columns: [] };
    for (const run of all("section.run")) {
      const parts = all("section.part", run);
      const isAt = parts.some((part) => part.dataset.condition === at);
      const isAny = !at || (show && !isAt);
      for (const part of parts) part.hidden = !((isAny || part.dataset.condition === at) && hasColumns(part));
      const isChosen = !show || run.dataset.experiment === show;
      const isEmpty = parts.every((part) => part.hidden);
      run.hidden = !isChosen || isEmpty;
      if (isChosen && isEmpty) left[isAny || isAt ? "columns" : "at"].push(run.dataset.experiment);
    }
    return left;
  };

  const apply = () => {
    const [find, theme] = ["find", "theme"].map(get);
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    const left = select();
    const words = find.toLowerCase().split(/[\s,]+/).filter(Boolean);
    const matches = (name) => !words.length || words.some((word) => name.toLowerCase().includes(word));
    for (const table of tables) {
      columns(table);
      rebase(table);
      sort(table);
      for (const line of all("tbody tr[data-arm]", table)) {
        line.hidden = !matches(line.dataset.arm);
        line.classList.toggle("pinned", pins.has(line.dataset.arm));
        const button = line.querySelector("th button");
        if (button) button.setAttribute("aria-pressed", String(pins.has(line.dataset.arm)));
      }
    }
    notes = noted(left);
    say("");
    pairView();
    calculator();
  };

  for (const form of forms) {
    form.hidden = false;
    form.addEventListener("input", () => { apply(); write(); });
    form.addEventListener("submit", (event) => event.preventDefault());
  }
  for (const one of [byId("pair"), ...all(".scripted")]) if (one) one.hidden = false;
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
