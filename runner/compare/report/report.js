// What the page does: filter, pick, draw. What records say is shown as text, never read as markup.
(() => {
  "use strict";
  const report = JSON.parse(document.getElementById("report-data").textContent);
  const COLOURS = 6, MARKERS = ["circle", "square", "triangle", "diamond", "inverted_triangle"];
  const SHAPES = {
    circle: "M18 6m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0", square: "M14.5 2.5h7v7h-7z", triangle: "M18 1.5l4.5 8h-9z",
    diamond: "M18 1l4 5l-4 5l-4 -5z", inverted_triangle: "M18 10.5l4.5 -8h-9z",
  };
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const slot = (style) => (style < 0 ? "other" : `s${style % COLOURS}`);
  const marker = (style) => MARKERS[Math.max(style, 0) % MARKERS.length];

  function swatch(style) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("width", 36);
    svg.setAttribute("height", 12);
    svg.setAttribute("aria-hidden", "true");
    for (const shape of ["M0 6h36", SHAPES[marker(style)]]) {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", shape);
      path.style.stroke = path.style.fill = `var(--${slot(style)})`;
      path.style.strokeWidth = shape.startsWith("M0") ? 2 : 0;
      svg.append(path);
    }
    return svg;
  }

  function legend(list, entries) {
    list.replaceChildren(...entries.map(([text, style]) => {
      const item = document.createElement("li");
      const words = document.createElement("span");
      words.textContent = words.title = text;
      item.append(...(style === null ? [] : [swatch(style)]), words);
      return item;
    }));
  }

  function paint(figure) {
    const [page, text, quiet, edge] = ["page", "text", "quiet", "edge"].map(colour);
    figure.setv({ background_fill_color: page, outline_line_color: null });
    for (const axis of [...figure.below, ...figure.left]) {
      axis.setv({
        axis_label_text_color: text, major_label_text_color: quiet, axis_line_color: edge,
        major_tick_line_color: edge, minor_tick_line_color: null,
      });
    }
    for (const grid of figure.center) if ("grid_line_color" in grid) grid.grid_line_color = colour("shade");
  }

  function coloured(source) {
    source.data = { ...source.data, color: Array.from(source.data.style, (style) => colour(slot(style))) };
  }

  class View {
    constructor(document_, number) {
      this.model = (name) => document_.get_model_by_name(`t${number}-${name}`);
      this.part = (name) => document.getElementById(`t${number}-${name}`);
      this.data = report.tables[number];
      this.rows = this.model("runs");
      this.boxes = [...this.part("plain").querySelectorAll("input[type=checkbox]")];
      this.part("filter").addEventListener("input", () => this.filter());
      this.part("clear").addEventListener("click", () => this.pick([]));
      for (const name of ["metric", "axis", "scale"]) this.part(name).addEventListener("change", () => this.draw());
      this.boxes.forEach((box) => box.addEventListener("change", () => this.pick(this.ticked())));
      this.rows.selected.properties.indices.change.connect(() => this.picked());
      // Bokeh's table would use the Tab key to walk through its cells, thousands of them.
      const grid = this.part("title").parentElement.querySelector(".plot");
      grid.addEventListener("keydown", (event) => { if (event.key === "Tab") event.stopPropagation(); }, true);
      this.filter();
      this.picked();
    }

    ticked() { return this.boxes.flatMap((box, run) => (box.checked ? [run] : [])); }

    // The table takes the focus with each change of the selection: give it back.
    pick(runs) {
      const at = document.activeElement;
      this.rows.selected.indices = runs;
      if (!at.disabled) at.focus({ preventScroll: true });
    }

    choice(name) { return this.part(name).querySelector("input:checked").value; }

    filter() {
      const words = this.part("filter").value.toLowerCase();
      this.passes = this.data.search.map((text) => text.includes(words));
      this.model("passing").booleans = this.passes;
      this.draw();
    }

    picked() {
      const picked = new Set(this.rows.selected.indices);
      this.boxes.forEach((box, run) => { box.checked = picked.has(run); });
      this.part("clear").disabled = picked.size === 0;
      this.draw();
    }

    chosen() {
      const picked = [...this.rows.selected.indices].sort((a, b) => a - b);
      if (picked.length) return picked;
      return this.passes.flatMap((passes, run) => (passes ? [run] : []));
    }

    // A style for each run: its own where there are few runs, else that of its setting; -1 for those without a name.
    styles(runs) {
      const own = runs.length <= report.own;
      const names = [...new Set(runs.map((run) => (own ? run : this.data.settings[run])))];
      const style = new Map(names.map((name, place) => [name, place < report.named ? place : -1]));
      const text = (name) => (own ? this.data.names[name] : this.data.settingNames[name]);
      const entries = names.slice(0, report.named).map((name, place) => [text(name), place]);
      if (names.length > report.named) entries.push([`${names.length - report.named} other settings`, -1]);
      return { of: (run) => style.get(own ? run : this.data.settings[run]), entries };
    }

    draw() {
      const all = this.chosen(), runs = all.slice(0, report.drawn), styles = this.styles(runs);
      const metric = this.part("metric").value, axis = this.choice("axis"), log = this.choice("scale") === "log";
      const validated = this.data.columns.includes(`val_${metric}`);
      const parts = validated ? { training: metric, validation: `val_${metric}` } : { training: metric };
      const points = { x: [], y: [], run: [], metric: [], epoch: [], updates: [], seconds: [] };
      const marks = { x: [], y: [], color: [], marker: [] };
      for (const part of ["training", "validation"]) {
        const lines = { xs: [], ys: [], color: [], width: [] };
        for (const run of part in parts ? [...runs].reverse() : []) {
          this.curve(run, parts[part], axis, log, styles.of(run), lines, points, marks, part === Object.keys(parts).pop());
        }
        this.model(part).data = lines;
      }
      this.model("points").data = points;
      this.model("marks").data = marks;
      this.axes(axis, log, metric);
      const key = validated ? "solid: validation, dashed: training; the mark is the best epoch" : "dashed: training; the mark is the best epoch";
      legend(this.part("legend"), [...styles.entries, [key, null]]);
      this.part("said").textContent = this.said(all.length, runs.length);
    }

    curve(run, column, axis, log, style, lines, points, marks, marked) {
      const { best, values, ...axes } = this.data.runs[run];
      const ys = values[this.data.columns.indexOf(column)].map((y) => (y === null || (log && y <= 0) ? NaN : y));
      lines.xs.push(axes[axis]);
      lines.ys.push(ys);
      lines.color.push(colour(slot(style)));
      lines.width.push(style < 0 ? 1 : 1.8);
      ys.forEach((y, row) => {
        if (Number.isNaN(y)) return;
        points.x.push(axes[axis][row]);
        points.y.push(y);
        points.run.push(this.data.names[run]);
        points.metric.push(column);
        for (const name of ["epoch", "updates", "seconds"]) points[name].push(axes[name][row]);
      });
      for (const row of new Set([...(marked ? [best] : []), ...(ys.length === 1 ? [0] : [])])) {
        marks.x.push(axes[axis][row]);
        marks.y.push(ys[row]);
        marks.color.push(colour(slot(style)));
        marks.marker.push(marker(style));
      }
    }

    axes(axis, log, metric) {
      for (const scale of ["linear", "log"]) {
        const figure = this.model(scale);
        figure.below[0].axis_label.text = axis === "seconds" ? "seconds of training" : axis;
        figure.left[0].axis_label.text = metric;
        figure.below[0].ticker.min_interval = axis === "seconds" ? 0 : 1;
        figure.below[0].change.emit();
        figure.left[0].change.emit();
        figure.visible = (scale === "log") === log;
        if (figure.visible) figure.reset.emit();
      }
    }

    said(wanted, drawn) {
      const of = this.rows.selected.indices.length ? "picked" : this.part("filter").value ? "found" : "all";
      const runs = `${wanted.toLocaleString("en")} ${wanted === 1 ? "run" : "runs"}`;
      const which = { picked: `the ${runs} picked`, found: `the ${runs} found`, all: `all ${runs}` }[of];
      return drawn < wanted ? `Shown: the best ${drawn} of ${which}.` : `Shown: ${which}.`;
    }
  }

  function start(document_) {
    const views = report.tables.map((_, number) => new View(document_, number));
    for (const list of document.querySelectorAll("ul[data-styles]")) {
      legend(list, [...list.children].map((item, place) => [item.textContent, place]));
    }
    const theme = () => {
      report.figures.forEach((name) => paint(document_.get_model_by_name(name)));
      report.painted.forEach((name) => coloured(document_.get_model_by_name(name)));
      views.forEach((view) => view.draw());
    };
    theme();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", theme);
    document.documentElement.dataset.ready = "yes";
  }

  // Bokeh adds its document asynchronously.
  const wait = () => (Bokeh.documents.length ? start(Bokeh.documents[0]) : setTimeout(wait, 20));
  if (report.tables.length) wait();
})();
