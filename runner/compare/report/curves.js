// The learning curves: one figure for each metric, of one panel or of small multiples that share their axes.
const Curves = (() => {
  "use strict";
  const NEAR = 30;  // pixels from a point within which pointing tells of it
  const PRINTED = { alone: 400, multiple: 220 };  // width in pixels of a plot that is printed
  const TOLD = 12;  // most seeds whose values are told of a point
  const NARROW = 300;  // width in pixels below which a plot has fewer ticks and narrower margins

  function element(name, attributes = {}, children = []) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function html(name, kind, text = "") {
    const made = document.createElement(name);
    made.className = kind;
    made.textContent = text;
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

  // The curves of one metric.
  class Figure {
    constructor(view, root, number) {
      this.view = view;
      this.root = root;
      this.number = number;
      this.metric = root.dataset.metric;
      this.title = root.querySelector("figcaption");
      this.panels = root.querySelector(".panels");
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
      const means = curve.means ? curve.means[place] : curve.epoch.slice(0, curve.shared).map((_, row) => {
        const values = seeds.map((seed) => seed[row]);
        return values.includes(null) ? null : mean(values);
      });
      return { xs, means: means.map(value), raw: means, seeds: seeds.map((seed) => seed.map(value)), value };
    }

    // Draws what is drawn at once and what is picked; returns whether curves run out of the plot.
    draw() {
      this.now = this.choices();
      const { data, picked } = this.view, { column, training, axis } = this.now;
      const drawn = data.curves
        .map((curve, number) => ({ curve, number }))
        .filter(({ curve, number }) => curve.drawn || picked.has(number))
        .map(({ curve, number }) => ({ curve, number, main: this.curve(curve, column), beside: training && this.curve(curve, training) }));
      const [low, high, cut] = limits(drawn);
      const furthest = Math.max(...drawn.flatMap(({ main }) => known(main.xs)));
      const range = { low, high, start: axis === "epochs" ? Math.min(1, furthest - 1) : 0, furthest };
      const titles = data.panels.map((title, panel) => ({ title, curves: drawn.filter(({ curve }) => curve.panel === panel) }));
      const filled = titles.filter(({ curves }) => curves.length);
      const isMultiple = filled.length > 1;
      this.title.textContent = isMultiple ? `${column} by ${axis}` : column;
      const boxes = filled.map(({ title }) => {
        const box = html("div", "panel");
        if (isMultiple) box.append(html("p", "metric", title));
        return box;
      });
      this.panels.replaceChildren(...boxes);
      const printed = matchMedia("print").matches && (isMultiple ? PRINTED.multiple : PRINTED.alone);
      const width = printed || Math.max(120, boxes[0]?.clientWidth ?? 0);
      this.drawn = filled.map(({ title, curves }, place) => new Panel(this, title, curves, range, width, isMultiple, place));
      boxes.forEach((box, place) => box.append(this.drawn[place].svg));
      return cut;
    }

    // Tells of the mean point that is nearest to the pointer.
    point(event) {
      this.root.querySelector(".told-of")?.remove();
      const panel = event && this.drawn?.find(({ svg }) => svg.contains(event.target));
      const nearest = panel?.nearest(event) ?? null;
      this.view.point(nearest?.number ?? null);
      if (nearest) this.tell(panel, nearest);
    }

    tell(panel, { curve, main, row, value }) {
      const column = this.view.data.columns.indexOf(this.now.column);
      const seeds = curve.seeds.map((seed) => seed[column][row]?.toFixed(4)).join(", ");
      const told = html("div", "told-of", [
        curve.name,
        `${this.now.column} ${main.raw[row].toFixed(4)}${curve.seeds.length > 1 && curve.seeds.length <= TOLD ? ` (seeds ${seeds})` : ""}`,
        `epoch ${curve.epoch[row]}, ${curve.updates[row].toLocaleString("en")} updates, ${curve.seconds[row].toFixed(1)} s`,
      ].join("\n"));
      this.root.append(told);
      const figure = this.root.getBoundingClientRect(), box = panel.svg.getBoundingClientRect(), scale = panel.size.width / box.width;
      const left = box.x - figure.x + panel.x(main.xs[row]) / scale, top = box.y - figure.y + panel.y(value) / scale;
      told.style.left = `${Math.max(0, Math.min(left + 12, figure.width - told.offsetWidth))}px`;
      told.style.top = `${top + 14}px`;
    }
  }

  // Limits that hold the better two thirds of the curves, and the others as far as they lie near for most of their
  // epochs: a network that has learned nothing does not press the rest together.
  function limits(drawn) {
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

  // Some of the curves of a figure, with axes.
  class Panel {
    constructor(figure, title, drawn, range, width, isMultiple, place) {
      this.view = figure.view;
      this.now = figure.now;
      this.drawn = drawn;
      this.isNarrow = width < NARROW;
      this.margin = { left: this.isNarrow ? 40 : 50, right: isMultiple ? 8 : 14, top: 10, bottom: isMultiple ? 22 : 34 };
      const height = isMultiple ? Math.round(Math.min(240, Math.max(120, 0.72 * width))) : width < 420 ? 240 : 320;
      this.size = { width, height };
      const { low, high, start, furthest } = range, { left, right, top, bottom } = this.margin;
      this.x = (value) => left + ((value - start) / (furthest - start || 1)) * (width - left - right);
      this.y = (value) => height - bottom - ((value - low) / (high - low)) * (height - top - bottom);
      this.level = Math.max(drawn.filter(({ curve }) => curve.drawn).length, 1);
      const clip = `${this.view.data.prefix}-clip-${figure.number}-${place}`;
      const label = `${isMultiple ? `${title}: ` : ""}${this.words()}`;
      this.svg = element("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, [
        element("clipPath", { id: clip }, [element("rect", { x: left - 6, y: 0, width: width - left - right + 12, height: height - bottom })]),
        ...this.axes(range, isMultiple),
        element("g", { "clip-path": `url(#${clip})` }, this.layers().map((each) => this.group(each))),
      ]);
    }

    // The best curve comes last, above the others, and what is picked above all.
    layers() {
      const { picked } = this.view;
      return [...this.drawn].reverse().sort((a, b) => picked.has(a.number) - picked.has(b.number));
    }

    axes({ low, high, start, furthest }, isMultiple) {
      const { size, margin } = this, { axis, log } = this.now, end = size.width - margin.right, foot = size.height - margin.bottom;
      const rows = (log ? logTicks(low, high) : ticks(low, high, this.isNarrow ? 4 : 5, false)).flatMap(([value, text]) => [
        element("line", { class: "grid", x1: margin.left, x2: end, y1: this.y(value), y2: this.y(value) }),
        element("text", { x: margin.left - 6, y: this.y(value) + 4, "text-anchor": "end" }, [text]),
      ]);
      const most = this.isNarrow ? 3 : size.width < 420 ? 5 : 8;
      const columns = ticks(start, furthest, most, axis === "epochs").map(([value, text]) => element("text", { x: this.x(value), y: foot + 17, "text-anchor": "middle" }, [text]));
      if (isMultiple) return [...rows, ...columns];
      const label = { epochs: "epochs", updates: "updates", seconds: "seconds of training" }[axis];
      return [...rows, ...columns, element("text", { class: "axis", x: end, y: size.height - 3, "text-anchor": "end" }, [label])];
    }

    // A curve: of few in a panel, and of those picked, with its band, its seeds and its range; of very many the best
    // and those picked stand out.
    group({ curve, number, main, beside }) {
      const { picked, data } = this.view, isPicked = picked.has(number);
      const isFull = isPicked || this.level <= data.clear, isMarked = isPicked || this.level <= data.marked || number === this.drawn[0].number;
      const isMonitored = this.now.column === data.monitor;
      const parts = [];
      if (isFull && isMonitored && curve.errors) parts.push(this.band(curve, main));
      if (isFull && curve.seeds.length > 1) parts.push(...main.seeds.map((seed) => this.path(main.xs, seed, "thin")));
      if (isFull && isMonitored && curve.range) parts.push(this.asGood(curve, main));
      if (beside) parts.push(this.path(beside.xs, beside.means, "training"));
      parts.push(this.path(main.xs, main.means, null));
      const chosen = curve.epoch.indexOf(curve.chosen);
      if (main.means[chosen] !== null && isMarked) parts.push(this.dot(main.xs[chosen], main.means[chosen]));
      const kinds = [isMarked ? "" : "crowded", isPicked ? "picked" : "", picked.size && !isPicked ? "aside" : ""];
      return element("g", { class: kinds.filter(Boolean).join(" "), "data-curve": number, style: `--c:${curve.colour}` }, parts);
    }

    points(xs, ys) { return ys.map((value, row) => (value === null || value === undefined ? null : `${this.x(xs[row]).toFixed(1)},${this.y(value).toFixed(1)}`)); }

    // A line with gaps where there is no value.
    path(xs, ys, kind) {
      const points = this.points(xs, ys);
      const d = points.map((point, row) => (point === null ? "" : `${row && points[row - 1] !== null ? "L" : "M"}${point}`)).join("");
      return element("path", { class: kind, d });
    }

    dot(x, y) { return element("circle", { class: "mean", cx: this.x(x), cy: this.y(y), r: this.isNarrow ? 3.5 : 4.5 }); }

    band(curve, main) {
      const edge = (sign) => this.points(main.xs, main.raw.map((value, row) => (value === null ? null : main.value(value + sign * curve.errors[row])))).filter(Boolean);
      return element("path", { class: "band", d: `M${[...edge(1), ...edge(-1).reverse()].join("L")}Z` });
    }

    asGood(curve, main) {
      const [from, to] = curve.range;
      return this.path(main.xs, main.means.map((value, row) => (curve.epoch[row] >= from && curve.epoch[row] <= to ? value : null)), "asgood");
    }

    words() {
      const [best] = this.drawn, row = best.curve.epoch.indexOf(best.curve.chosen), value = best.main.raw[row];
      const of = this.drawn.length > 1 ? `${this.drawn.length} curves; ${best.curve.name}` : "it";
      return `${this.now.column} by ${this.now.axis}: ${of} has ${value?.toFixed(4) ?? "no value"} after epoch ${best.curve.chosen}`;
    }

    nearest(event) {
      const { picked } = this.view, box = this.svg.getBoundingClientRect(), scale = this.size.width / box.width;
      const at = [(event.clientX - box.x) * scale, (event.clientY - box.y) * scale];
      let found = null;
      for (const { curve, number, main } of this.drawn) {
        if (picked.size && !picked.has(number)) continue;
        main.means.forEach((value, row) => {
          if (value === null) return;
          const distance = Math.hypot(this.x(main.xs[row]) - at[0], this.y(value) - at[1]);
          if (distance < (found?.distance ?? NEAR)) found = { distance, curve, number, main, row, value };
        });
      }
      return found;
    }
  }

  return { Figure };
})();
