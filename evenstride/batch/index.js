"use strict";
// Sorting: a button in every heading; rows without a value stay at the end. Filtering: rows that hold the text.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  for (const button of table.querySelectorAll("thead button")) {
    button.addEventListener("click", () => {
      const head = button.closest("th");
      const down = head.getAttribute("aria-sort") === "ascending";
      const column = head.cellIndex;
      const key = (row) => {
        const cell = row.cells[column];
        const text = "key" in cell.dataset ? cell.dataset.key : cell.textContent.trim();
        return text !== "" && "key" in cell.dataset ? Number(text) : text;
      };
      const keyed = Array.from(body.rows, (row, place) => [key(row), place, row]);
      keyed.sort(([a, i], [b, j]) => {
        if (a === "" || b === "") return (a === "") - (b === "") || i - j;
        const order = typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true });
        return (down ? -order : order) || i - j;
      });
      for (const other of table.querySelectorAll("th[aria-sort]")) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      body.append(...keyed.map(([, , row]) => row));
    });
  }
}
const filter = document.getElementById("filter");
const rows = Array.from(document.querySelectorAll("#all tbody tr"), (row) => [row, row.textContent.toLowerCase()]);
filter.addEventListener("input", () => {
  const wanted = filter.value.trim().toLowerCase();
  let count = 0;
  for (const [row, text] of rows) {
    row.hidden = !text.includes(wanted);
    count += !row.hidden;
  }
  document.getElementById("shown").textContent = wanted ? `${count} of ${rows.length} videos` : "";
});
