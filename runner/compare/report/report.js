// What the page does: it picks, filters and sorts; curves.js draws. What records say goes into text nodes only.
(() => {
  "use strict";
  const tables = JSON.parse(document.getElementById("report-data").textContent);
  const PICK = "Ticked settings stand out in the curves.";

  class View {
    constructor(data) {
      this.data = data;
      this.part = (name) => document.getElementById(`${data.prefix}-${name}`);
      this.picked = new Set();
      this.rows = [...(this.part("settings")?.querySelectorAll("tbody tr") ?? [])];
      this.figures = [...this.part("curves").querySelectorAll("figure")].map((figure, number) => new Curves.Figure(this, figure, number));
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
      this.closed = this.part("more")?.textContent;
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
      this.part("more").textContent = open ? "Show fewer settings" : this.closed;
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
