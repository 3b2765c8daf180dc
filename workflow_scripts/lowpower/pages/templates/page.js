"use strict";
(() => {
  const NUMBER = /^[-+]?[\d.,]*\d(?=[x%kMGTPE]?(\s|$))/;
  const UNITS = " kMGTPE";
  const text = (row, column) => row.cells[column].textContent.trim().replace(/^–$/, "");  // a dash has nothing to show
  const number = (cell) => {
    const [digits] = cell.match(NUMBER);
    return parseFloat(digits.replaceAll(",", "")) * 1000 ** Math.max(0, UNITS.indexOf(cell[digits.length] ?? " "));
  };

  function sort(table, column, descending) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const filled = rows.filter((row) => text(row, column) !== "");
    const numeric = filled.every((row) => NUMBER.test(text(row, column)));
    filled.sort((one, other) => {
      const [a, b] = [text(one, column), text(other, column)];
      const order = numeric ? number(a) - number(b) : a.localeCompare(b, "en", { numeric: true });
      return descending ? -order : order;
    });
    body.append(...filled, ...rows.filter((row) => text(row, column) === ""));
  }

  for (const table of document.querySelectorAll("table")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => {
        const descending = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", descending ? "descending" : "ascending");
        sort(table, column, descending);
      });
      head.append(button);
    });
  }

  const folded = [...document.querySelectorAll("details:not([open])")];
  window.addEventListener("beforeprint", () => folded.forEach((part) => { part.dataset.open = part.open; part.open = true; }));
  window.addEventListener("afterprint", () => folded.forEach((part) => { part.open = part.dataset.open === "true"; }));

  const dialog = document.createElement("dialog");
  const close = document.createElement("button");
  const picture = document.createElement("img");
  const words = document.createElement("p");
  close.textContent = "Close";
  dialog.append(close, picture, words);
  dialog.addEventListener("click", () => dialog.close());
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.large");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const { src } = link.querySelector("img");
    picture.src = src.startsWith("data:") ? src : link.href;  // a picture beside the page has a larger one
    picture.alt = words.textContent = link.parentElement.querySelector("figcaption").textContent;
    if (!dialog.isConnected) document.body.append(dialog);
    dialog.showModal();
  });
})();
