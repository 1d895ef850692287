"use strict";
// Sorts tables; without it they stand as they were written. Buttons are made here: none is dead where scripts are off.
(() => {
  const said = document.createElement("p");
  said.className = "unseen";
  said.setAttribute("role", "status");
  document.body.append(said);

  const value = (row, column) => {
    const cell = row.cells[column];
    const data = cell.querySelector("data, time");
    return data ? data.value || data.dateTime : cell.textContent.trim().replace(/(?<=^[\d,]+),(?=[\d,]+$)/g, "");
  };
  // Both numbers or both words; what is empty comes last, whichever way.
  const compare = (a, b) => (a === "" || b === "" ? 0 : isNaN(a) || isNaN(b) ? (a < b ? -1 : a > b ? 1 : 0) : a - b);

  const sort = (table, header, column) => {
    const counts = !header.classList.contains("t");
    const now = header.getAttribute("aria-sort");
    const up = now ? now === "descending" : !counts; // figures begin with the highest
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", up ? "ascending" : "descending");
    const body = table.tBodies[0];
    const rows = Array.from(body.rows, (row) => [value(row, column), row]);
    rows.sort(([a], [b]) => (a === "") - (b === "") || (up ? compare(a, b) : compare(b, a)));
    body.append(...rows.map(([, row]) => row));
    said.textContent = `${table.caption.textContent}: by ${header.textContent}, ${up ? "ascending" : "descending"}`;
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    Array.from(table.tHead.rows[0].cells).forEach((header, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      button.addEventListener("click", () => sort(table, header, column));
      header.append(button);
    });
  }
})();
