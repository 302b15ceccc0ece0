// What the page does: it draws the curves, picks, filters and sorts. What records say goes into text nodes only.
(() => {
  "use strict";
  const tables = JSON.parse(document.getElementById("report-data").textContent);
  const MARGIN = { left: 50, right: 14, top: 10, bottom: 34 };
  const NEAR = 30;  // pixels from a point within which pointing tells of it
  const PRINTED = 400;  // width in pixels of a plot that is printed
  const DETAILED = 6;  // as COLOURS in view.py: most curves that are drawn with their bands and seeds; of more only those picked
  const PICK = "Ticked settings stand out in the curves.";

  function element(name, attributes = {}, children = []) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  const known = (values) => values.filter((value) => value !== null);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

  // Round numbers from low to high, at most `most` steps apart; of a logarithmic axis the powers of ten and their parts.
  function ticks(low, high, most, whole) {
    const rough = Math.max((high - low) / most, whole ? 1 : 0), power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough * (1 - 1e-9));
    const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    const text = (value) => (Math.abs(value) >= 1e5 ? value.toExponential(0) : value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, place) => (first + place) * step).map((value) => [value, text(value)]);
  }

  function logTicks(low, high) {
    const found = [];
    for (let power = Math.floor(low); power <= high; power++) {
      for (const part of high - low < 2 ? [1, 2, 3, 5, 7] : [1]) {
        const value = Math.log10(part) + power;
        if (value >= low && value <= high) found.push([value, String(Number((part * 10 ** power).toPrecision(2)))]);
      }
    }
    return found.length > 1 ? found : ticks(low, high, 4, false).map(([value]) => [value, (10 ** value).toPrecision(3)]);
  }

  class View {
    constructor(data) {
      this.data = data;
      this.part = (name) => document.getElementById(`${data.prefix}-${name}`);
      this.picked = new Set();
      this.isDetailed = data.curves.filter((curve) => curve.colour).length <= DETAILED;
      this.rows = [...(this.part("settings")?.querySelectorAll("tbody tr") ?? [])];
      this.figures = [...this.part("curves").querySelectorAll("figure")].map((figure) => new Figure(this, figure));
      if (this.data.curves.length === 1 && this.part("training")) this.part("training").checked = true;
      for (const name of ["axis", "training", "log"]) this.part(name)?.addEventListener("change", () => this.draw());
      this.part("filter")?.addEventListener("input", () => this.filter());
      this.part("more")?.addEventListener("click", () => this.more());
      this.part("clear")?.addEventListener("click", () => this.clear());
      for (const box of this.boxes()) box.addEventListener("change", () => this.pick());
      for (const row of this.rows) {
        row.addEventListener("pointerenter", () => this.point(Number(row.querySelector("input").dataset.curve)));
        row.addEventListener("pointerleave", () => this.point(null));
      }
      this.draw();
      matchMedia("print").addEventListener("change", () => this.draw());
      let width = 0;
      new ResizeObserver(([entry]) => {
        if (Math.abs(entry.contentRect.width - width) > 1) this.draw();
        width = entry.contentRect.width;
      }).observe(this.part("curves"));
    }

    boxes() { return this.rows.map((row) => row.querySelector("input")); }

    filter() {
      const words = this.part("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      for (const row of this.rows) {
        const fits = words.every((word) => this.text(row).includes(word));
        count += fits;
        row.hidden = !fits;
        row.classList.toggle("found", fits && words.length > 0);
      }
      this.say(words.length ? `${count} of ${this.rows.length} settings have these words.` : PICK);
    }

    text(row) { return `${row.querySelector("input").ariaLabel} ${row.querySelector(".outcome").textContent}`.toLowerCase(); }

    more() {
      const open = this.part("settings").querySelector(".more").classList.toggle("open");
      this.part("more").ariaExpanded = open;
      this.part("more").textContent = open ? "Show the best alone" : `Show all ${this.rows.length} settings`;
    }

    clear() {
      for (const box of this.boxes()) box.checked = false;
      this.pick();
    }

    pick() {
      this.picked = new Set(this.boxes().flatMap((box) => (box.checked ? [Number(box.dataset.curve)] : [])));
      for (const row of this.rows) row.classList.toggle("picked", row.querySelector("input").checked);
      this.part("clear").disabled = !this.picked.size;
      this.say(this.picked.size ? `${this.picked.size} picked: the other curves step back.` : PICK);
      this.draw();
    }

    // Shows what belongs together while something points at a curve or at its row.
    point(number) {
      for (const group of this.part("curves").querySelectorAll("g[data-curve]")) group.classList.toggle("pointed", Number(group.dataset.curve) === number);
      for (const row of this.rows) row.classList.toggle("pointed", Number(row.querySelector("input").dataset.curve) === number);
    }

    say(text) { if (this.part("said")) this.part("said").textContent = text; }

    draw() {
      const cut = this.figures.map((figure) => figure.draw()).some(Boolean);
      this.part("cut").textContent = cut ? "Curves that would press the others together run out of the plot." : "";
    }
  }

  // The curves of one metric.
  class Figure {
    constructor(view, root) {
      this.view = view;
      this.root = root;
      this.metric = root.dataset.metric;
      this.title = root.querySelector("figcaption");
      root.addEventListener("pointermove", (event) => this.point(event));
      root.addEventListener("pointerleave", () => this.point(null));
    }

    choices() {
      const { data } = this.view;
      const validated = data.columns.includes(`val_${this.metric}`);
      return {
        column: validated ? `val_${this.metric}` : this.metric,
        training: validated && this.view.part("training")?.checked ? this.metric : null,
        axis: this.view.part("axis").querySelector("input:checked").value,
        log: this.view.part("log").checked,
      };
    }

    // The values of a curve as drawn: the mean over the seeds, each seed, and the points of the mean that are known.
    curve(curve, column) {
      const { axis, log } = this.now;
      const place = this.view.data.columns.indexOf(column);
      const value = (each) => (each === null || each === undefined || (log && each <= 0) ? null : log ? Math.log10(each) : each);
      const xs = axis === "epochs" ? curve.epoch : curve[axis];
      const seeds = curve.seeds.map((seed) => seed[place]);
      const means = curve.epoch.slice(0, curve.shared).map((_, row) => {
        const values = seeds.map((seed) => seed[row]);
        return values.includes(null) ? null : mean(values);
      });
      return { xs, means: means.map(value), raw: means, seeds: seeds.map((seed) => seed.map(value)), value };
    }

    draw() {
      this.now = this.choices();
      const { data, picked } = this.view;
      const { column, training, axis, log } = this.now;
      this.title.textContent = column;
      const drawn = data.curves.map((curve, number) => ({ curve, number, main: this.curve(curve, column), beside: training && this.curve(curve, training) }));
      const width = matchMedia("print").matches ? PRINTED : Math.max(280, this.root.clientWidth);
      const size = { width, height: width < 420 ? 240 : 320 };
      const [low, high, cut] = this.limits(drawn);
      const furthest = Math.max(...drawn.flatMap(({ main }) => known(main.xs)));
      const start = axis === "epochs" ? Math.min(1, furthest - 1) : 0;
      const x = (value) => MARGIN.left + ((value - start) / (furthest - start || 1)) * (size.width - MARGIN.left - MARGIN.right);
      const y = (value) => size.height - MARGIN.bottom - ((value - low) / (high - low)) * (size.height - MARGIN.top - MARGIN.bottom);
      this.place = { x, y, drawn, size };
      const clip = `${data.prefix}-${this.view.figures?.indexOf(this) ?? 0}-${this.metric.replace(/\W/g, "")}`;
      // The best curve comes last, above the others.
      const layers = [...drawn].reverse().sort((a, b) => picked.has(a.number) - picked.has(b.number) || Boolean(a.curve.colour) - Boolean(b.curve.colour));
      const svg = element("svg", { viewBox: `0 0 ${size.width} ${size.height}`, role: "img", "aria-label": this.words(drawn) }, [
        element("clipPath", { id: clip }, [element("rect", { x: MARGIN.left - 6, y: 0, width: size.width - MARGIN.left - MARGIN.right + 12, height: size.height - MARGIN.bottom })]),
        ...this.axes(low, high, start, furthest),
        element("g", { "clip-path": `url(#${clip})` }, layers.map((each) => this.group(each))),
      ]);
      this.root.querySelector("svg")?.remove();
      this.root.append(svg);
      return cut;
    }

    // Limits that hold the better two thirds of the curves, and the others as far as they lie near for most of their
    // epochs: a network that has learned nothing does not press the rest together.
    limits(drawn) {
      const all = drawn.map(({ main, beside }) => known([...main.means, ...(beside ? beside.means : [])]).sort((a, b) => a - b)).filter((values) => values.length);
      const first = all.slice(0, Math.max(2, Math.ceil((2 * all.length) / 3))).flat();
      if (!first.length) return [0, 1, false];
      let low = Math.min(...first), high = Math.max(...first);
      const far = (value, room) => value < low - room * (high - low) || value > high + room * (high - low);
      const near = all.filter((values) => !far(values[values.length >> 1], 1)).flat().filter((value) => !far(value, 3));
      const cut = all.flat().length > near.length;
      [low, high] = [Math.min(...near, ...first), Math.max(...near, ...first)];
      const margin = 0.05 * (high - low) || Math.abs(high) * 0.01 || 1;
      return [low - margin, high + margin, cut];
    }

    axes(low, high, start, furthest) {
      const { x, y, size } = this.place, { axis, log } = this.now, end = size.width - MARGIN.right, foot = size.height - MARGIN.bottom;
      const rows = (log ? logTicks(low, high) : ticks(low, high, 5, false)).flatMap(([value, text]) => [
        element("line", { class: "grid", x1: MARGIN.left, x2: end, y1: y(value), y2: y(value) }),
        element("text", { x: MARGIN.left - 8, y: y(value) + 4, "text-anchor": "end" }, [text]),
      ]);
      const columns = ticks(start, furthest, size.width < 420 ? 5 : 8, axis === "epochs").map(([value, text]) => element("text", { x: x(value), y: foot + 17, "text-anchor": "middle" }, [text]));
      const label = { epochs: "epochs", updates: "updates", seconds: "seconds of training" }[axis];
      return [...rows, ...columns, element("text", { class: "axis", x: end, y: size.height - 3, "text-anchor": "end" }, [label])];
    }

    group({ curve, number, main, beside }) {
      const { picked } = this.view;
      const isPicked = picked.has(number), isPlain = !curve.colour && !isPicked, isFull = isPicked || this.view.isDetailed;
      const parts = [];
      if (!isPlain) {
        const isMonitored = this.now.column === this.view.data.monitor;
        if (isFull && isMonitored && curve.errors) parts.push(this.band(curve, main));
        if (isFull && curve.seeds.length > 1) parts.push(...main.seeds.map((seed) => this.path(main.xs, seed, "thin")));
        if (isFull && isMonitored && curve.range) parts.push(this.asGood(curve, main));
        if (beside) parts.push(this.path(beside.xs, beside.means, "training"));
      }
      parts.push(this.path(main.xs, main.means, null));
      const chosen = curve.epoch.indexOf(curve.chosen);
      if (main.means[chosen] !== null && !isPlain) parts.push(this.dot(main.xs[chosen], main.means[chosen]));
      const kinds = [isPlain ? "plain" : "", isPicked ? "picked" : "", picked.size && !isPicked ? "aside" : ""];
      return element("g", { class: kinds.join(" "), "data-curve": number, style: curve.colour ? `--c:${curve.colour}` : null }, parts);
    }

    points(xs, ys) { return ys.map((value, row) => (value === null || value === undefined ? null : `${this.place.x(xs[row]).toFixed(1)},${this.place.y(value).toFixed(1)}`)); }

    // A line with gaps where there is no value.
    path(xs, ys, kind) {
      const points = this.points(xs, ys);
      const d = points.map((point, row) => (point === null ? "" : `${row && points[row - 1] !== null ? "L" : "M"}${point}`)).join("");
      return element("path", { class: kind, d });
    }

    dot(x, y) { return element("circle", { class: "mean", cx: this.place.x(x), cy: this.place.y(y), r: 4.5 }); }

    band(curve, main) {
      const edge = (sign) => this.points(main.xs, main.raw.map((value, row) => (value === null ? null : main.value(value + sign * curve.errors[row])))).filter(Boolean);
      return element("path", { class: "band", d: `M${[...edge(1), ...edge(-1).reverse()].join("L")}Z` });
    }

    asGood(curve, main) {
      const [from, to] = curve.range;
      return this.path(main.xs, main.means.map((value, row) => (curve.epoch[row] >= from && curve.epoch[row] <= to ? value : null)), "asgood");
    }

    words(drawn) {
      const [best] = drawn, row = best.curve.epoch.indexOf(best.curve.chosen), value = best.main.raw[row];
      const of = drawn.length > 1 ? `${drawn.length} curves; ${best.curve.name}` : "it";
      return `${this.now.column} by ${this.now.axis}: ${of} has ${value?.toFixed(4) ?? "no value"} after epoch ${best.curve.chosen}`;
    }

    // Tells of the mean point that is nearest to the pointer.
    point(event) {
      this.root.querySelector(".told-of")?.remove();
      if (!event || !this.place) return this.view.point(null);
      const { x, y, drawn, size } = this.place, box = this.root.querySelector("svg").getBoundingClientRect();
      const scale = size.width / box.width, at = [(event.clientX - box.x) * scale, (event.clientY - box.y) * scale];
      let nearest = null;
      const { picked } = this.view;
      for (const { curve, number, main } of drawn) {
        if (picked.size && !picked.has(number)) continue;
        main.means.forEach((value, row) => {
          if (value === null) return;
          const distance = Math.hypot(x(main.xs[row]) - at[0], y(value) - at[1]);
          if (distance < (nearest?.distance ?? NEAR)) nearest = { distance, curve, number, main, row, value };
        });
      }
      this.view.point(nearest?.number ?? null);
      if (nearest) this.tell(nearest, box, scale);
    }

    tell({ curve, main, row, value }, box, scale) {
      const column = this.view.data.columns.indexOf(this.now.column);
      const seeds = curve.seeds.map((seed) => seed[column][row]?.toFixed(4)).join(", ");
      const told = document.createElement("div");
      told.className = "told-of";
      told.textContent = [
        curve.name,
        `${this.now.column} ${main.raw[row].toFixed(4)}${curve.seeds.length > 1 ? ` (seeds ${seeds})` : ""}`,
        `epoch ${curve.epoch[row]}, ${curve.updates[row].toLocaleString("en")} updates, ${curve.seconds[row].toFixed(1)} s`,
      ].join("\n");
      this.root.append(told);
      const left = this.place.x(main.xs[row]) / scale, top = this.place.y(value) / scale + box.y - this.root.getBoundingClientRect().y;
      told.style.left = `${Math.max(0, Math.min(left + 12, box.width - told.offsetWidth))}px`;
      told.style.top = `${top + 14}px`;
    }
  }

  // A click on a heading sorts by its column, a second one the other way round; rows without a value come last.
  function sortable(table) {
    const heads = [...table.tHead.rows[0].cells];
    const key = (row, column) => row.cells[column].dataset.by ?? row.cells[column].textContent;
    heads.forEach((head, column) => head.querySelector("button")?.addEventListener("click", () => {
      const up = head.ariaSort !== "ascending", isNumber = head.classList.contains("number");
      const number = (row) => Number(key(row, column).replace(/[,–].*/, (rest) => (rest.startsWith("–") ? "" : rest.replaceAll(",", ""))));
      const order = (a, b) => (isNumber ? number(a) - number(b) : key(a, column).localeCompare(key(b, column), "en", { numeric: true }));
      const [full, empty] = [true, false].map((has) => [...table.tBodies[0].rows].filter((row) => (key(row, column) !== "") === has));
      table.tBodies[0].append(...full.sort((a, b) => (up ? order(a, b) : order(b, a))), ...empty);
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.ariaSort = up ? "ascending" : "descending";
    }));
  }

  document.documentElement.classList.add("scripts");
  tables.forEach((data) => new View(data));
  document.querySelectorAll("table.data").forEach(sortable);
  document.documentElement.dataset.ready = "yes";
})();
