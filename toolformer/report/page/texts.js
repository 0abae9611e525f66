// The texts: blocks are unpacked when a page of them is shown, and all of them when words are sought.
// Everything a text says goes through createTextNode; nothing is parsed as HTML.
(() => {
  const PER_PAGE = 20, KEPT_BLOCKS = 16, LONG = 2400, AROUND = 320, SLICE_MS = 12;
  // As visible.py has them.
  const HIDDEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]|\r(?!\n)|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
  const at = (id) => document.getElementById(id);
  const facts = JSON.parse(at("data").textContent);
  const { verdicts, runs } = facts;
  const KEPT = verdicts.findIndex((each) => each.name === "kept");
  const number = new Intl.NumberFormat("en");

  // ---- Unpacking

  const breathe = () => new Promise((resolve) => setTimeout(resolve));

  // Blocks come after this script: the first texts are shown while the others are still being read.
  async function stored(id) {
    while (document.readyState === "loading" && !at(id)?.nextElementSibling) await breathe();
    return at(id).textContent;
  }

  async function unpack(id) {
    const text = await stored(id);
    const bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(text) : Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return JSON.parse(await new Response(stream).text());
  }

  class Texts {
    constructor(run) {
      this.run = run;
      this.blocks = new Map();  // parsed ones, the latest last
      this.sought = [];  // by block: what words are looked for in, of each text
    }
    async open() {
      const { sizes, sets, setOf, best } = await unpack(`i${this.run}`);
      this.best = best;  // hundredths of a nat
      this.setOf = setOf;
      this.sets = sets;
      this.starts = [0];
      for (const size of sizes) this.starts.push(this.starts.at(-1) + size);
      return this;
    }
    async block(index) {
      let rows = this.blocks.get(index) || await unpack(`b${this.run}-${index}`);
      this.blocks.delete(index);
      this.blocks.set(index, rows);
      if (this.blocks.size > KEPT_BLOCKS) this.blocks.delete(this.blocks.keys().next().value);
      return rows;
    }
    async text(place) {
      let low = 0, high = this.starts.length - 1;
      while (high - low > 1) { const middle = (low + high) >> 1; if (this.starts[middle] <= place) low = middle; else high = middle; }
      return (await this.block(low))[place - this.starts[low]];
    }
    async words(index) {
      return this.sought[index] ??= (await unpack(`b${this.run}-${index}`)).map(([id, text, , calls]) =>
        [id, text, ...calls.flatMap((each) => [each[3], each[4], each[5]])].join("\n").toLowerCase());
    }
    async named(id) {
      if (!this.places) {
        this.places = new Map();
        for (let index = 0; index < this.starts.length - 1; index += 1) {
          (await this.block(index)).forEach((row, offset) => this.places.set(row[0], this.starts[index] + offset));
        }
      }
      return this.places.has(id) ? this.text(this.places.get(id)) : null;
    }
  }

  // ---- Elements

  function make(name, given = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(given)) {
      if (key === "class") element.className = value; else element.setAttribute(key, value);
    }
    element.append(...children.filter((each) => each !== null && each !== ""));
    return element;
  }

  // A text as nodes: words that are sought are marked, hidden characters written out.
  function say(text, sought = null) {
    const said = document.createDocumentFragment();
    const pattern = sought ? new RegExp(`${HIDDEN.source}|(?<word>${sought})`, "gi") : HIDDEN;
    let done = 0;
    for (const found of text.matchAll(pattern)) {
      said.append(text.slice(done, found.index));
      if (found.groups?.word) said.append(make("mark", {}, found[0]));
      else {
        const code = found[0].codePointAt(0).toString(16).toUpperCase().padStart(2, "0");
        said.append(make("span", { class: "hidden", title: `the character U+${code.padStart(4, "0")}` }, code));
      }
      done = found.index + found[0].length;
    }
    said.append(text.slice(done));
    return said;
  }

  const clear = (text) => text.replace(HIDDEN, "\ufffd");
  const nats = (value) => value === null ? "–" : (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
  const loss = (value) => value === null ? "–" : value.toFixed(2);
  const words = (name) => name.replaceAll("_", " ");
  const plural = (count, what) => `${number.format(count)} ${what}${count === 1 ? "" : "s"}`;

  function read(call) {
    const [position, tool, verdict, asked, output = null, error = null, count = 0, start = null, startGain = null,
      noCall = null, withOutput = null, noOutput = null, placebo = null, placeboLoss = null] = call;
    const beside = (none, one) => none === null || one === null ? null : none - one;
    const used = beside(noOutput, withOutput), help = beside(noCall, withOutput);
    return {
      position, tool, verdict, asked, output, error, count, start, startGain, noCall, withOutput, noOutput, used, help,
      gain: used === null || help === null ? null : Math.min(used, help), placebo,
      placeboUsed: beside(noOutput, placeboLoss), placeboHelp: beside(noCall, placeboLoss),
    };
  }

  function written(call, sought) {
    const asked = call.asked.trimStart();
    const said = make("span", { class: call.verdict === KEPT ? "call" : "call passed-over" }, say(asked, sought));
    if (call.output !== null) said.append(make("span", { class: "output" }, say(call.output, sought)));
    const whole = document.createDocumentFragment();  // the space before a call is the text's colour
    whole.append(call.asked.slice(0, call.asked.length - asked.length), said);
    return whole;
  }

  function gainOf(call, run) {
    if (call.gain === null) return null;
    return runs[run].isOne[call.tool] ? nats(call.gain) : `${nats(call.used)} ${nats(call.help)}`;
  }

  // ---- A text with calls in it

  function stretches(text, places) {
    if (text.length <= LONG) return [[0, text.length]];
    const found = [];
    for (const place of places.length ? places : [0]) {
      const start = Math.max(0, place - AROUND), end = Math.min(text.length, place + AROUND);
      if (found.length && start <= found.at(-1)[1]) found.at(-1)[1] = Math.max(end, found.at(-1)[1]);
      else found.push([start, end]);
    }
    return found;
  }

  // Half a pair of surrogates is no end of a stretch.
  const whole = (text, place) => /[\udc00-\udfff]/.test(text[place] ?? "") ? place - 1 : place;

  function annotated(text, shown, others, { run, sought, isWhole }) {
    const said = make("p", { class: "text", dir: "auto" });
    const marks = [...shown.map((call) => [call.position, call]), ...others].sort((a, b) => a[0] - b[0]);
    const places = shown.map((call) => call.position);
    if (sought && text.length > LONG) places.push(...[...text.matchAll(new RegExp(sought, "gi"))].slice(0, 5).map((each) => each.index));
    const ranges = isWhole ? [[0, text.length]] : stretches(text, places.sort((a, b) => a - b));
    for (const [from, to] of ranges) {
      const start = whole(text, from), end = whole(text, to);
      if (start > 0) said.append(make("span", { class: "cut" }, " … "));
      let done = start;
      for (const [position, call] of marks) {
        if (position < done || position > end) continue;
        said.append(say(text.slice(done, position), sought));
        done = position;
        if (typeof call === "number") {
          said.append(make("span", { class: "tried", title: `${plural(call, "call")} tried here and not shown` }, String(call)));
          continue;
        }
        said.append(written(call, sought));
        const gain = gainOf(call, run);
        if (gain) said.append(make("span", { class: "gain", title: `used ${nats(call.used)}, help ${nats(call.help)} nats` }, gain));
      }
      said.append(say(text.slice(done, end), sought));
      if (end < text.length) said.append(make("span", { class: "cut" }, " … "));
    }
    return { said, isCut: ranges.length > 1 || ranges[0][0] > 0 || ranges[0][1] < text.length };
  }

  const COLUMNS = [["call", "left"], ["verdict", "left"], ["used", ""], ["help", ""], ["L(ε)", ""], ["L(e(c, ε))", ""], ["L(e(c, r))", ""], ["p(start)", ""], ["samples", ""]];

  function table(calls, run, sought) {
    const rows = calls.map((call) => {
      const first = make("th", { scope: "row", class: "left" }, written(call, sought));
      if (call.error !== null) first.append(make("small", {}, make("bdi", {}, say(call.error, sought))));
      if (call.placeboUsed !== null) {
        first.append(make("small", {}, "with another call’s output, ", make("bdi", { class: "output" }, say(call.placebo)), `: used ${nats(call.placeboUsed)}, help ${nats(call.placeboHelp)}`));
      }
      const { name, meaning } = verdicts[call.verdict];
      const values = [nats(call.used), nats(call.help), loss(call.noCall), loss(call.noOutput), loss(call.withOutput),
        call.start === null ? "–" : call.start.toFixed(3), String(call.count)];
      return make("tr", { class: call.verdict === KEPT ? "kept" : "" }, first,
        make("td", { class: "left", title: meaning }, words(name)),
        ...values.map((each, index) => make("td", { "data-name": COLUMNS[index + 2][0] }, each)));
    });
    const head = make("tr", {}, ...COLUMNS.map(([name, side]) => make("th", { scope: "col", class: side }, name)));
    return make("div", { class: "wide" }, make("table", { class: "numbers calls", "aria-label": "Every call that was proposed, with its losses and gains in nats" },
      make("thead", {}, head), make("tbody", {}, ...rows)));
  }

  function chosen(calls) {
    const isWanted = (call) => state.tool === "" || call.tool === Number(state.tool);
    const verdict = state.verdict === "" ? KEPT : Number(state.verdict);
    const shown = [], others = new Map(), seen = new Set();
    for (const call of calls) {
      const here = `${call.position} ${call.verdict}`;  // of the calls at one place, one is read in the text
      const isShown = isWanted(call) && (call.verdict === KEPT || (call.verdict === verdict && !seen.has(here)));
      seen.add(here);
      if (isShown) shown.push(call); else others.set(call.position, (others.get(call.position) || 0) + 1);
    }
    return [shown, [...others]];
  }

  function body(row, run, sought) {
    const [, text, skipped, stored] = row;
    const calls = stored.map(read);
    const [shown, others] = chosen(calls);
    const { said, isCut } = annotated(text, shown, others, { run, sought, isWhole: false });
    const parts = [said];
    if (isCut) {
      const button = make("button", { type: "button", class: "more" }, `the whole text, ${plural(text.length, "character")}`);
      button.addEventListener("click", () => {
        said.replaceWith(annotated(text, shown, others, { run, sought, isWhole: true }).said);
        button.remove();
      });
      parts.push(button);
    }
    if (skipped !== null) parts.push(make("p", { class: "skipped" }, "Not annotated: ", say(skipped)));
    if (calls.length) {
      const counts = new Map();
      for (const call of calls) counts.set(call.verdict, (counts.get(call.verdict) || 0) + 1);
      const told = [...counts].sort(([a], [b]) => a - b).map(([verdict, count]) => `${number.format(count)} ${words(verdicts[verdict].name)}`);
      const details = make("details", {}, make("summary", {}, told.join(", ")));
      const fill = () => { if (details.open && !details.querySelector("table")) details.append(table(calls, run, sought)); };
      details.addEventListener("toggle", fill);
      parts.push(details);
    }
    return parts;
  }

  async function article(place, sought) {
    const row = await (await texts(state.run)).text(place);
    const made = make("article", { tabindex: "-1", "aria-label": clear(row[0]) }, make("h3", { class: "id" }, make("bdi", {}, say(row[0], sought))));
    if (state.beside === "") {
      made.append(...body(row, state.run, sought));
      return made;
    }
    const beside = Number(state.beside), other = await (await texts(beside)).named(row[0]);
    const columns = make("div", { class: "beside" });
    for (const [run, each] of [[state.run, row], [beside, other]]) {
      const parts = each ? body(each, run, sought) : [make("p", { class: "none" }, "This text is not among the other run’s.")];
      columns.append(make("div", {}, make("h4", {}, runs[run].name), ...parts));
    }
    made.append(columns);
    return made;
  }

  // ---- Which texts are shown

  const opened = runs.map(() => null);
  const texts = (run) => opened[run] ??= new Texts(run).open();
  const state = { run: 0, beside: "", tool: "", verdict: String(KEPT), order: "", words: "", page: 0 };
  let matching = [], turn = 0;

  // Words, and in quotes several that follow one another.
  const sought = () => [...state.words.toLowerCase().matchAll(/"([^"]+)"|[^\s"]+/g)].map(([word, quoted]) => quoted ?? word);
  const pattern = () => {
    const each = sought().map((word) => word.replace(/[.*+?^${}()|[\]\\\/-]/g, "\\$&"));
    return each.length ? each.join("|") : null;
  };

  // The sets of calls that have one of the wanted tool and verdict.
  function wanted({ sets }) {
    const isWanted = (kind) => (state.tool === "" || Math.floor(kind / verdicts.length) === Number(state.tool))
      && (state.verdict === "" || kind % verdicts.length === Number(state.verdict));
    const isAny = state.tool === "" && state.verdict === "";
    return sets.map((kinds) => isAny || kinds.some(isWanted));
  }

  // Texts by the gain of their best call; those without any come last.
  function ordered(places, best, direction) {
    const rank = (place) => best[place] === null ? Infinity : direction * best[place];
    return places.sort((a, b) => rank(a) - rank(b) || a - b);
  }

  async function find() {
    const mine = turn += 1, all = sought(), found = [];
    const run = await texts(state.run), isIn = wanted(run);
    let began = performance.now(), isShown = false;
    for (let index = 0; index < run.starts.length - 1; index += 1) {
      const rows = all.length ? await run.words(index) : null;
      for (let place = run.starts[index]; place < run.starts[index + 1]; place += 1) {
        if (isIn[run.setOf[place]] && (!rows || all.every((word) => rows[place - run.starts[index]].includes(word)))) found.push(place);
      }
      if (mine !== turn) return;
      if (performance.now() - began < SLICE_MS) continue;
      if (!isShown && found.length >= PER_PAGE) { isShown = true; matching = found; await show(`${number.format(found.length)} so far`); }
      await breathe();
      if (mine !== turn) return;
      began = performance.now();
    }
    matching = state.order === "" ? found : ordered(found, run.best, Number(state.order));
    if (isShown && state.page === 0 && state.order === "") tell(); else await show();
  }

  function tell(note = "") {
    const run = runs[state.run], count = matching.length;
    const tool = state.tool === "" ? "" : ` of ${run.tools[Number(state.tool)]}`;
    const verdict = state.verdict === "" ? "" : words(verdicts[Number(state.verdict)].name);
    const what = !tool && !verdict ? "" : verdict === "kept" ? ` with a kept call${tool}` : ` with a call${tool}${verdict && ` that ended as: ${verdict}`}`;
    const first = state.page * PER_PAGE;
    const of = `of ${plural(count, "text")}${what}`;
    at("status").textContent = note || (count ? `${number.format(first + 1)}–${number.format(Math.min(count, first + PER_PAGE))} ${of}` : `No text ${sought().length ? "with these words" : "like this"} among ${number.format(run.shown)}.`);
    const pages = Math.max(1, Math.ceil(count / PER_PAGE));
    at("pages").textContent = number.format(pages);
    at("page").max = pages;
    at("page").value = state.page + 1;
    at("previous").disabled = state.page === 0;
    at("next").disabled = state.page >= pages - 1;
    at("pager").hidden = false;
  }

  async function show(note = "") {
    const mine = turn;
    state.page = Math.max(0, Math.min(state.page, Math.ceil(matching.length / PER_PAGE) - 1));
    const page = matching.slice(state.page * PER_PAGE, (state.page + 1) * PER_PAGE), list = document.createDocumentFragment();
    for (const place of page) list.append(await article(place, pattern()));
    if (mine !== turn) return;
    at("list").replaceChildren(list);
    tell(note);
  }

  async function turnTo(page) {
    turn += 1;
    state.page = page;
    await show();
    at("texts").scrollIntoView({ block: "start" });
  }

  // ---- What a reader does

  const options = (select, pairs, value) => {
    select.replaceChildren(...pairs.map(([key, name]) => make("option", { value: key }, name)));
    select.value = value;
  };

  async function choices() {
    const { sets, setOf } = await texts(state.run), { tools } = runs[state.run];
    const seen = new Set(setOf), there = new Set(sets.filter((_, index) => seen.has(index)).flat().map((kind) => kind % verdicts.length));
    options(at("tool"), [["", "any"], ...tools.map((name, index) => [String(index), name])], state.tool);
    if (state.verdict !== "" && !there.has(Number(state.verdict))) state.verdict = "";
    options(at("verdict"), [["", "any, or none"], ...verdicts.map((each, index) => [String(index), words(each.name)]).filter(([index]) => there.has(Number(index)))], state.verdict);
    if (runs.length > 1) {
      options(at("run"), runs.map((each, index) => [String(index), each.name]), String(state.run));
      options(at("beside"), [["", "none"], ...runs.map((each, index) => [String(index), each.name]).filter((_, index) => index !== state.run)], state.beside);
    }
  }

  function change(name, value) {
    state[name] = value;
    state.page = 0;
    return find();
  }

  function step(by) {
    const all = [...document.querySelectorAll("#list > article")];
    const here = all.indexOf(document.activeElement?.closest("article"));
    const next = all[here < 0 ? (by > 0 ? 0 : all.length - 1) : here + by];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  const KEYS = {
    "/": () => at("words").focus(),
    n: () => at("next").click(),
    p: () => at("previous").click(),
    j: () => step(1),
    k: () => step(-1),
    c: () => { const details = document.activeElement?.closest("article")?.querySelector("details"); if (details) details.open = !details.open; },
  };

  function listen() {
    let waiting = 0;
    at("bar").addEventListener("submit", (event) => event.preventDefault());
    at("words").addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => change("words", at("words").value), 120);
    });
    for (const name of ["tool", "verdict", "order", "beside"]) at(name)?.addEventListener("change", (event) => change(name, event.target.value));
    at("run")?.addEventListener("change", async (event) => {
      Object.assign(state, { run: Number(event.target.value), tool: "", beside: "", page: 0 });
      await choices();
      await find();
    });
    at("previous").addEventListener("click", () => turnTo(state.page - 1));
    at("next").addEventListener("click", () => turnTo(state.page + 1));
    at("page").addEventListener("change", (event) => turnTo(Number(event.target.value) - 1 || 0));
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest("input, select, textarea")) {
        if (event.key === "Escape") event.target.blur();
      } else if (Object.hasOwn(KEYS, event.key)) {
        event.preventDefault();
        KEYS[event.key]();
      }
    });
  }

  async function begin() {
    if (!("DecompressionStream" in window)) {
      at("status").textContent = "This browser is too old to unpack the texts: they need DecompressionStream.";
      return;
    }
    await choices();
    at("bar").hidden = false;
    document.querySelector(".keys").hidden = false;
    listen();
    await find();
    performance.mark("texts");  // when the first can be read
  }

  begin();
})();
