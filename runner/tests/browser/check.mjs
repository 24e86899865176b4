// Drives a browser over a page of results and prints one line for each fault it finds.
// Usage: node check.mjs CHROMIUM PAGE SCREENSHOTS [CHECK]; the status is 0 if there is none. With CHECK, only the part that
// can find such a fault runs, until the first one.
import { readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [chromium_path, page_path, screenshots, wanted] = process.argv.slice(2);
const require = createRequire(process.cwd() + "/");
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const url = pathToFileURL(page_path).href;
mkdirSync(screenshots, { recursive: true });

const faults = new Set();
const fault = (check, what) => {
  const line = `${check}: ${what}`;
  faults.add(line);
  if (wanted && line.startsWith(wanted)) end();
};

/** Prints the faults; the browser ends with this process. */
function end() {
  for (const one of faults) console.log(one);
  process.exit(faults.size ? 1 : 0);
}

const browser = await chromium.launch({ executablePath: chromium_path, args: ["--no-sandbox"] });

async function open(options, hash = "") {
  const context = await browser.newContext({ offline: true, ...options });
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && fault("console", message.text()));
  page.on("pageerror", (error) => fault("console", error.message));
  page.on("request", (request) => request.url().startsWith("file:") || request.url().startsWith("data:") || fault("network", request.url()));
  await page.goto(url + hash);
  return page;
}

async function accessible(page, where) {
  // The page's own policy refuses a script element, and lets the debugger through.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  for (const one of violations) fault("axe", `${one.id} (${where}): ${one.nodes[0].target.join(" ")} ${one.nodes[0].failureSummary.replaceAll("\n", " ")}`);
}

/** Cells that a phone does not show without scrolling, though they are what a reader looks for. */
const beyond = () => {
  const found = [];
  const inside = (cell, what) => {
    if (cell && cell.checkVisibility() && cell.getBoundingClientRect().right > document.documentElement.clientWidth) found.push(`${what}: ${cell.textContent}`);
  };
  const table = document.querySelector("table.figures");
  const column = [...table.querySelectorAll("thead tr > *")].findIndex((head) => head.dataset.measure);
  if (column >= 0) for (const row of table.querySelectorAll("tbody tr")) inside(row.children[column], "ratio");
  for (const row of document.querySelectorAll("#pairs tr")) [...row.children].slice(3).forEach((cell) => inside(cell, "compare two"));
  const empty = table.querySelector("thead td");
  if (empty && empty.getBoundingClientRect().width > 24) found.push("the column of brackets is wide");
  return found;
};

/** What is laid out wrongly: too wide, too small, or over one another. */
const layout = () => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(["overflow", `${root.scrollWidth} > ${root.clientWidth}`]);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || ["SCRIPT", "STYLE"].includes(element.tagName)) continue;
    if (["title", "desc"].includes(element.tagName)) continue;
    const svg = element.ownerSVGElement;
    const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
    const size = parseFloat(getComputedStyle(element).fontSize) * scale;
    if (size < 11) found.push(["small text", `${size.toFixed(1)} px: ${walker.currentNode.data.trim().slice(0, 40)}`]);
  }
  for (const svg of document.querySelectorAll("svg")) {
    const texts = [...svg.querySelectorAll("text")].filter((one) => one.textContent).map((one) => [one.textContent, one.getBBox()]);
    const { width } = svg.viewBox.baseVal;
    texts.forEach(([text, box], at) => {
      if (box.x < -0.5 || box.x + box.width > width + 0.5) found.push(["cut text", text]);
      for (const [other, second] of texts.slice(at + 1)) {
        const across = Math.min(box.x + box.width, second.x + second.width) - Math.max(box.x, second.x);
        const down = Math.min(box.y + box.height, second.y + second.height) - Math.max(box.y, second.y);
        // Boxes have room above and below their letters.
        if (across > 0.5 && down > 5) found.push(["overlap", `${text} | ${other}`]);
      }
    });
  }
  return found;
};

/** How the page looks, in both color schemes, on a phone and on a desk. */
async function looks() {
  for (const colorScheme of ["light", "dark"]) for (const width of [390, 1280]) {
    const where = `${colorScheme}, ${width} px`;
    const page = await open({ colorScheme, viewport: { width, height: 900 } });
    for (const [check, what] of await page.evaluate(layout)) fault(check, `${what} (${where})`);
    if (width < 600) for (const what of await page.evaluate(beyond)) fault("out of sight", `${what} (${where})`);
    await accessible(page, where);
    await page.screenshot({ path: `${screenshots}/${colorScheme}-${width}.png`, fullPage: true });
    await page.context().close();
  }
}

/** Without scripts everything is still there to read. */
async function without_scripts() {
  const page = await open({ javaScriptEnabled: false, viewport: { width: 390, height: 900 } });
  const tables = await page.locator("table.figures:visible").count();
  const charts = await page.locator("figure.chart svg:visible").count();
  if (!tables || !charts) fault("script off", `${tables} tables and ${charts} charts`);
  if (await page.locator("form:visible").count()) fault("script off", "controls that do nothing");
  await page.context().close();
}

/** What a reader does. */
async function reads() {
  const page = await open({ viewport: { width: 1280, height: 900 } });
  const table = page.locator("table.figures").first();
  const keys = (column) => table.locator("tbody tr").evaluateAll((rows, at) => rows.map((row) => {
    const { dataset, textContent } = row.children[at];
    const figure = textContent.replaceAll(",", "");
    return dataset.key ?? (figure && Number.isFinite(Number(figure)) ? figure : null);
  }), column);
  const columns = await table.locator("thead tr > *").evaluateAll((heads) => heads.map((head) => head.textContent));
  const column = columns.findIndex((text) => text.startsWith("requests/s"));
  if (column >= 0) {
    const button = table.locator("thead tr > *").nth(column).locator("button");
    await button.focus();
    for (const [way, sign] of [["descending", -1], ["ascending", 1]]) {
      await page.keyboard.press("Enter");
      const all = await keys(column);
      const figures = all.filter((key) => key !== null).map(Number);
      if (figures.some((one, at) => at && (one - figures[at - 1]) * sign < 0)) fault("sort", way);
      if (all.findIndex((key) => key === null) >= 0 && all.lastIndexOf(null) !== all.length - 1) fault("sort", "a row without a figure is not last");
      const said = await table.locator("thead tr > *").nth(column).getAttribute("aria-sort");
      if (said !== way) fault("sort", `announced as ${said}`);
    }
    if (!(await page.locator("#status").textContent()).includes("Sorted by")) fault("sort", "nothing is said");
  }
  // What is best comes first at the first click on ranks, and versions are not words.
  const ranks = columns.findIndex((text) => text.startsWith("rank"));
  if (ranks >= 0) {
    await table.locator("thead tr > *").nth(ranks).locator("button").click();
    const figures = (await keys(ranks)).filter((key) => key !== null).map(Number);
    if (figures.some((one, at) => at && one < figures[at - 1])) fault("sort", `the best rank is not first: ${figures}`);
  }
  const versions = columns.findIndex((text) => text.startsWith("version"));
  if (versions >= 0) {
    // They are not among the main columns.
    await page.check("input[name=cols][value=all]");
    const [newer, older] = ["1.10.0", "1.9.0"];
    const cells = table.locator(`tbody tr > :nth-child(${versions + 1})`);
    const before = await cells.allTextContents();
    await cells.evaluateAll((all, texts) => all.forEach((cell, at) => { cell.textContent = texts[at] ?? ""; }), [newer, older]);
    await table.locator("thead tr > *").nth(versions).locator("button").click();
    const [first, second] = await cells.allTextContents();
    if (first !== older || second !== newer) fault("sort", `versions: ${first} before ${second}`);
    await page.reload();
    if ([...(await cells.allTextContents())].sort().join() !== [...before].sort().join()) fault("sort", "versions do not come back");
  }
  await page.click("#reset");
  const bases = await page.locator("select[name=base] option").evaluateAll((all) => all.map((one) => one.value).filter(Boolean));
  if (bases.length > 1) {
    const first = () => table.locator("tbody").innerText();
    const before = await first();
    const base = bases[1];
    await page.selectOption("select[name=base]", base);
    if ((await first()) === before) fault("baseline", "nothing changes");
    const own = await table.locator("tbody tr").evaluateAll((rows, arm) => rows.find((row) => row.dataset.arm === arm)?.innerText ?? "", base);
    if (own && !own.includes("1.000")) fault("baseline", `${base}: ${own}`);
    await page.selectOption("select[name=base]", "");
    if ((await first()) !== before) fault("baseline", "the first one does not come back");
    await page.selectOption("select[name=base]", base);
  }
  await page.locator("table.figures tbody th button").first().click();
  if (!(await page.locator("tr.pinned").count())) fault("highlight", "no row is");
  const name = bases[0] ?? "";
  await page.fill("input[name=find]", name.slice(0, 3));
  if (await page.locator("input[name=own]").count()) await page.fill("input[name=own]", "50");
  await page.check("input[name=theme][value=dark]");
  await accessible(page, "after interaction");
  // The view is in the address, and comes back from it: on load and on a change.
  const view = () => page.evaluate(() => [...document.querySelectorAll("input,select")].map((one) => (one.type === "radio" ? one.checked : one.value)).join("|") + document.querySelector("table.figures tbody").innerText + document.querySelectorAll("tr.pinned").length);
  const [seen, hash] = [await view(), await page.evaluate(() => location.hash)];
  if (!hash.includes("theme=dark")) fault("address", `does not hold the view: ${hash}`);
  await page.goto("about:blank");
  await page.goto(url + hash);
  if ((await view()) !== seen) fault("address", `is not read on load: ${hash}`);
  await page.click("#reset");
  if (await page.evaluate(() => location.hash)) fault("address", "is not emptied");
  await page.evaluate((hash) => { location.hash = hash; }, hash);
  await page.waitForTimeout(200);
  if ((await view()) !== seen) fault("address", `is not read on a change: ${hash}`);
  await page.evaluate(() => { location.hash = "#nonsense=1"; });
  await page.waitForTimeout(200);
  if (!(await page.locator("#status").textContent()).includes("nonsense")) fault("address", "what is unknown is not said");
  const address = () => page.evaluate(() => location.hash);
  for (const unknown of ["pin=nobody", "sort=t99-0,1,ascending", "sort=t0-0,99,ascending"]) {
    await page.evaluate((hash) => { location.hash = hash; }, `#theme=dark&${unknown}`);
    await page.waitForTimeout(200);
    const said = await page.locator("#status").textContent();
    if (!said.includes(unknown) || (await address()) !== "#theme=dark") fault("address", `${unknown} is kept: ${await address()} ${said}`);
  }
  // A link within the page keeps the view, and what it leads to is shown.
  await page.click("#reset");
  if (bases.length > 1) await page.selectOption("select[name=base]", bases[1]);
  await page.locator("input[name=show]").last().check();
  for (const link of await page.locator("nav a").all()) {
    const id = (await link.getAttribute("href")).slice(1);
    await link.click();
    await page.waitForTimeout(200);
    if (!(await page.locator(`#${id}`).isVisible())) fault("address", `${id} is hidden`);
    if (!(await address()).includes(`to=${id}`) || (bases.length > 1 && !(await address()).includes("base="))) fault("address", `the view is lost: ${await address()}`);
  }
  const before = await view();
  await page.reload();
  if ((await view()) !== before) fault("address", `a link within the page loses the view on a reload: ${await address()}`);
  // What a choice leaves out is said: a filter without a match, a condition that an experiment does not have.
  const status = () => page.locator("#status").textContent();
  await page.click("#reset");
  await page.fill("input[name=find]", "zzz");
  if (!(await status()).includes("No row matches “zzz”.")) fault("filter", `without a match: ${await status()}`);
  await page.fill("input[name=find]", name.slice(0, 3));
  if ((await status()).includes("No row matches")) fault("filter", "a match is denied");
  const stranger = await page.evaluate(() => {
    const runs = [...document.querySelectorAll("section.run")];
    const conditions = [...document.querySelectorAll("input[name=at]")].map((one) => one.value).filter(Boolean);
    const has = (show, at) => runs.some((run) => run.dataset.experiment === show && [...run.querySelectorAll("section.part")].some((part) => part.dataset.condition === at));
    const pairs = runs.flatMap((run) => conditions.map((at) => [run.dataset.experiment, at]));
    return pairs.find(([show, at]) => !has(show, at));
  });
  if (stranger) {
    const [show, at] = stranger;
    await page.evaluate((hash) => { location.hash = hash; }, `#show=${encodeURIComponent(show)}&at=${encodeURIComponent(at)}`);
    await page.waitForTimeout(200);
    if (!(await status()).includes(`${show} was not measured at “${at}”`)) fault("address", `a condition that is not there: ${await status()}`);
  }
  await page.click("#reset");
  const difference = () => page.locator("#difference").textContent();
  const priced = await page.locator("#cost tbody tr").evaluateAll((rows) => rows.map((row) => row.dataset.arm));
  const control = bases.find((arm) => !priced.includes(arm));
  if (priced.length > 1) {
    await page.selectOption("select[name=a]", priced[0]);
    await page.selectOption("select[name=b]", priced[1]);
    const said = await difference();
    if (!/\d% (more|less) with .* than with /.test(said) && !said.startsWith("No CPU time")) fault("calculator", said);
    if (control) {
      await page.selectOption("select[name=b]", control);
      if (!(await difference()).startsWith("The calculator covers contestants and the baseline")) fault("calculator", await difference());
    }
  }
  await page.check("input[name=cols][value=all]");
  await page.emulateMedia({ media: "print" });
  if (await page.locator("#controls:visible").count()) fault("print", "controls are printed");
  // A4 without its margins; what is folded is printed too.
  await page.setViewportSize({ width: 718, height: 1000 });
  const cut = await page.evaluate(() => {
    for (const one of document.querySelectorAll("details")) one.open = true;
    const { clientWidth } = document.documentElement;
    const wide = [...document.querySelectorAll("table")].filter((one) => one.getBoundingClientRect().right > clientWidth + 1);
    return wide.map((one) => `${one.parentElement.getAttribute("aria-label")} is ${one.getBoundingClientRect().width} px wide`);
  });
  for (const what of cut) fault("print", what);
  await page.context().close();
}

/** Every choice is in the address, and comes back from it. */
async function remembers() {
  const page = await open({ viewport: { width: 1280, height: 900 } });
  const names = await page.evaluate(() => [...new Set([...document.querySelectorAll("form [name]")].map((one) => one.name))]);
  for (const name of names) await page.evaluate((name) => {
    const fields = [...document.querySelectorAll(`form [name="${name}"]`)];
    // The first choice that is not there from the start; of columns all.
    const one = fields.length > 1 ? fields.at(name === "cols" ? -1 : 1) : fields[0];
    if (one.type === "radio") one.checked = true;
    else if (one.tagName === "SELECT") one.selectedIndex = one.options.length - 1 - one.selectedIndex;
    else one.value = one.type === "number" ? "50" : "e";
    one.dispatchEvent(new Event("input", { bubbles: true }));
  }, name);
  await page.locator("table.figures tbody th button:visible").first().click();
  await page.locator("table.figures thead button:visible").nth(2).click();
  const hash = await page.evaluate(() => location.hash);
  for (const name of [...names, "sort", "pin"]) if (!hash.includes(`${name}=`)) fault("address", `${name} is not in ${hash}`);
  const view = () => page.evaluate(() => {
    const fields = [...document.querySelectorAll("form [name]")].map((one) => (one.type === "radio" ? one.checked : one.value));
    const ways = [...document.querySelectorAll("th[aria-sort]")].map((one) => one.getAttribute("aria-sort"));
    const tables = [...document.querySelectorAll("table")].map((one) => one.innerText);
    return [...fields, ...ways, ...tables, document.querySelectorAll("tr.pinned").length].join("|");
  });
  const seen = await view();
  await page.goto("about:blank");
  await page.goto(url + hash);
  if ((await view()) !== seen) fault("address", `does not bring back all of ${hash}`);
  for (const bad of ["own=abc", "own=1e999", "own=-5"]) {
    await page.evaluate((hash) => { location.hash = hash; }, `#own=7&${bad}`);
    await page.waitForTimeout(200);
    const own = await page.inputValue("input[name=own]").catch(() => "7");
    if (own !== "7") fault("address", `${bad} is taken for ${own}`);
  }
  await page.context().close();
}

/** What is compared is what is stored, and nobody is called better who is not. */
async function compares() {
  const page = await open({ viewport: { width: 1280, height: 900 } });
  const arms = await page.locator("select[name=a] option").evaluateAll((all) => all.map((one) => one.value));
  const pairs = arms.flatMap((a, at) => arms.slice(at + 1).flatMap((b) => [[a, b], [b, a]])).slice(0, 40);
  for (const [a, b] of pairs) {
    await page.selectOption("select[name=a]", a);
    await page.selectOption("select[name=b]", b);
    const found = await page.evaluate(([a, b]) => {
      const { tables } = JSON.parse(document.getElementById("data").textContent);
      const expected = Object.values(tables).flatMap((table) => table.measures.flatMap((measure) => {
        const [first, second] = [a, b].map((arm) => measure.arms.indexOf(arm));
        if (first < 0 || second < 0) return [];
        const [least, most] = [Math.min(first, second), Math.max(first, second)];
        const pair = measure.pairs[least][most - least - 1];
        if (!pair) return [];
        const [ratio, differs] = [first < second ? pair[0] : 1 / pair[0], pair[3]];
        // Whichever way round, the interval is as wide.
        const half = 100 * (Math.sqrt(pair[2] / pair[1]) - 1);
        const who = table.untrusted ? "untrusted" : !differs ? "not distinguishable" : `${measure.higher ? (ratio > 1 ? a : b) : ratio > 1 ? b : a} is better`;
        return [[table.heading, measure.name, ratio, who, half > 50 ? "(" : `±${half.toFixed(1)}%`]];
      }));
      const rows = [...document.querySelectorAll("#pairs tr")].map((row) => [...row.children].map((cell) => cell.textContent));
      const faults = expected.flatMap(([heading, name, ratio, who, half], at) => {
        const row = rows[at] ?? [];
        const isRight = row[1] === heading && row[2] === name && Math.abs(parseFloat(row[3]) - ratio) < Math.max(0.0006, 0.05 * ratio) && row[4].includes(who) && row[3].includes(half);
        return isRight ? [] : [`${a} and ${b}, ${heading}, ${name}: ${row.join(" ")} for ${ratio} ${who}`];
      });
      return expected.length && rows.length !== expected.length ? [...faults, `${rows.length} rows for ${expected.length}`] : faults;
    }, [a, b]);
    for (const what of found) fault("compare", what);
  }
  await page.context().close();
}

/** A choice shows what was chosen and nothing else. */
async function switches() {
  const page = await open({ viewport: { width: 1280, height: 900 } });
  const choices = (name) => page.locator(`input[name=${name}]`).evaluateAll((all) => all.map((one) => one.value).filter(Boolean));
  const visible = (selector, of) => page.locator(selector).evaluateAll((all, of) => all.filter((one) => one.checkVisibility()).map((one) => (of === "text" ? one.textContent : one.dataset[of] ?? "")), of);
  const check = async (name, value) => page.locator(`input[name=${name}][value="${value}"]`).check();
  for (const at of await choices("at")) {
    await check("at", at);
    const shown = await visible("section.part", "condition");
    if (!shown.length || shown.some((one) => one !== at)) fault("switch", `at ${at}: ${shown.join(" and ") || "nothing"} is shown`);
  }
  await page.click("#reset");
  for (const group of (await choices("cols")).filter((one) => one !== "all")) {
    await check("cols", group);
    const shown = await visible("table.figures th[data-group]", "group");
    if (!shown.length || shown.some((one) => one !== group)) fault("switch", `columns of ${group}: ${shown.join(", ")} are shown`);
  }
  await page.click("#reset");
  const before = (await visible("table.figures thead th", "text")).length;
  await check("cols", "all");
  if ((await visible("table.figures thead th", "text")).length <= before) fault("switch", "all columns are no more than the main ones");
  const variants = await choices("variant");
  for (const variant of variants) {
    await check("variant", variant);
    // The first one is what gains are over.
    const others = variants.slice(1).filter((one) => one !== variant);
    for (const text of await visible("table.figures thead th", "text")) if (others.some((one) => text.endsWith(one))) fault("switch", `${variant}: ${text} is shown`);
  }
  await page.click("#reset");
  const name = (await visible("table.figures tbody tr[data-arm]", "arm"))[0] ?? "";
  await page.fill("input[name=find]", `${name}, nobody-else`);
  const found = await visible("table.figures tbody tr[data-arm]", "arm");
  if (!found.length || found.some((arm) => !arm.includes(name))) fault("filter", `${found.join(", ") || "nothing"} is shown for ${name}`);
  const loose = await page.evaluate(() => [...document.querySelectorAll("table.figures")].filter((table) => table.tHead.innerText.includes("contestant") && table.querySelector("tbody tr:not([data-arm])")).map((table) => table.id));
  for (const table of loose) fault("filter", `${table} has rows of contestants that no filter knows`);
  await page.context().close();
}

const CHECKS = new Map([
  [looks, ["axe", "overflow", "small text", "overlap", "cut text", "out of sight", "console", "network"]],
  [without_scripts, ["script off"]],
  [reads, ["sort", "baseline", "highlight", "address", "filter", "calculator", "print"]],
  [remembers, ["address"]],
  [compares, ["compare"]],
  [switches, ["switch", "filter"]],
]);
const parts = [...CHECKS.keys()].filter((part) => !wanted || CHECKS.get(part).includes(wanted.split(": ")[0]));
if (!parts.length) throw new Error(`no part finds faults of ${wanted}`);
for (const part of parts) await part();
await browser.close();
end();
