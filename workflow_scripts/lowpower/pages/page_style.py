"""The look and the behavior of the pages: one style sheet and one small script, both inside the page.

Without the script a page reads the same; tables are then not sorted by a click, and a figure opens as a file.
"""

STYLE = """
:root { --ink: #1c2127; --soft: #59636e; --line: #d9dee4; --faint: #f6f7f9; --link: #0a5a9c; --warn: #b35900; }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 4rem; -webkit-text-size-adjust: 100%; }
body { margin: 0; font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  color: var(--ink); background: #fff; overflow-wrap: break-word; }
main { max-width: 84rem; margin: 0 auto; padding: 0 1.5rem 5rem; }
h1 { font-size: 2rem; line-height: 1.2; letter-spacing: -.015em; margin: 2.2rem 0 .3rem; }
h2 { font-size: 1.35rem; letter-spacing: -.01em; margin: 3.2rem 0 .8rem; padding-top: 1rem;
  border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 2rem 0 .5rem; }
p, li { max-width: 46rem; } p { margin: .6rem 0; } code { font-size: .88em; }
a { color: var(--link); text-decoration-color: #b5cbdd; text-underline-offset: .15em; }
.lead { font-size: 1.06rem; color: var(--soft); margin-bottom: 1.4rem; }
.soft, figcaption, .files { color: var(--soft); font-size: .875rem; }
a.n { color: inherit; text-decoration: none; } a.n:hover { color: var(--link); text-decoration: underline; }

nav { position: sticky; top: 0; z-index: 1; background: #fff; border-bottom: 1px solid var(--line); }
nav div { max-width: 84rem; margin: 0 auto; padding: .65rem 1.5rem; display: flex; gap: 1.4rem; overflow-x: auto;
  white-space: nowrap; font-size: .9rem; }
nav a { color: var(--soft); text-decoration: none; } nav a:hover { color: var(--link); text-decoration: underline; }
nav b { color: var(--ink); }

.banner { max-width: none; margin: .7rem 0; padding: .7rem 1rem; border: 1px solid var(--line);
  border-left: 4px solid var(--link); border-radius: 4px; background: var(--faint); }
.banner.warning { border-left-color: var(--warn); background: #fff7ed; }
.banner.good { border-left-color: #1a7f4b; background: #f0f9f4; }
.banner p, .banner li { max-width: none; } .banner p { margin: 0; }
.banner ul { margin: .4rem 0 0; padding-left: 1.2rem; }

.wide { overflow-x: auto; margin: .6rem 0 .2rem; } .wide:focus-visible { outline: 2px solid var(--link); }
table { border-collapse: collapse; font-size: .875rem; line-height: 1.4; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .38rem 1rem .38rem 0; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th { border-bottom: 1.5px solid var(--ink); vertical-align: bottom; font-weight: 600; white-space: normal; }
th:last-child, td:last-child { padding-right: .2rem; } td.long { white-space: normal; min-width: 16rem; }
th.number, td.number { text-align: right; } tbody tr:hover { background: var(--faint); } .files { margin: 0 0 1.2rem; }
td.good, td.warning { font-weight: 600; color: #1a7f4b; } td.warning { color: var(--warn); }
th button { --arrow: "↕"; font: inherit; color: inherit; text-align: inherit; background: none; border: 0; padding: 0;
  cursor: pointer; }
th[aria-sort=ascending] button { --arrow: "↑"; } th[aria-sort=descending] button { --arrow: "↓"; }
th:not(.number) button::after, th.number button::before { content: var(--arrow); color: #b4bcc5; font-weight: 400;
  padding: 0 .25em; }
th[aria-sort] button::after, th[aria-sort] button::before { color: var(--ink); }

.flow { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1.4fr); column-gap: 3.5rem;
  margin: 1.5rem 0 2rem; font-size: .9rem; --rule: 1.5px solid var(--ink); --thin: 1.5px solid #9aa4af; }
.flow > *, .flow .box { position: relative; } .flow ul { margin: .3rem 0 0; padding-left: 1.1rem; }
.flow .box { border: var(--rule); border-radius: 6px; padding: .6rem .9rem; } .flow b { font-weight: 600; }
.flow .box p, .flow .box li { margin: 0; max-width: none; }
.flow .main, .flow .stem { grid-column: 1; text-align: center; } .flow .stem { min-height: 2.2rem; }
.flow .stem::before { content: ""; position: absolute; left: 50%; top: 0; bottom: 0; border-left: var(--rule); }
.flow .stem::after, .splits .box::after { content: ""; position: absolute; left: calc(50% - 4px); bottom: 0;
  border: 5px solid transparent; border-top-color: var(--ink); border-bottom: 0; }
.flow .out { grid-column: 2; border: var(--thin); margin: .9rem 0; }
.flow .out::before { content: ""; position: absolute; top: 50%; right: 100%; border-top: var(--thin);
  width: calc(3.5rem + 100% / 2.8); }
.flow .stem:has(+ .splits) { min-height: 1.2rem; } .flow .stem:has(+ .splits)::after { content: none; }
.flow .splits { grid-column: 1 / -1; display: flex; gap: 1rem; padding-top: 1.2rem; }
.splits .box { flex: 1; } .splits .box::after { bottom: 100%; }
.splits .box::before { content: ""; position: absolute; left: -.65rem; right: -.65rem; bottom: 100%; height: 1.2rem;
  border-top: var(--rule); background: linear-gradient(var(--ink), var(--ink)) 50% 0 / 1.5px 100% no-repeat; }
.splits .box:first-child::before { left: 50%; background-position: 0 0; }
.splits .box:last-child::before { right: 50%; background-position: 100% 0; }

figure { margin: 1.6rem 0 2.2rem; } figure img { max-width: 100%; height: auto; display: block; }
figcaption { max-width: 46rem; margin-top: .5rem; }
figure + .files { margin: -2rem 0 2.6rem; } a.large { cursor: zoom-in; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr)); gap: 1.2rem 1rem; }
.gallery figure { margin: 0; content-visibility: auto; contain-intrinsic-size: auto 11rem; min-width: 0; }
.gallery a.large { display: block; height: 8rem; border: 1px solid var(--line); border-radius: 4px; overflow: hidden; }
.gallery img { width: 100%; height: 100%; object-fit: contain; }
.gallery figcaption { line-height: 1.35; font-size: .8rem; margin-top: .3rem; }
.gallery .excluded a.large { border: 1.5px dashed var(--warn); }
.gallery :is(.excluded b, .doubt) { color: var(--warn); }
dialog { border: 0; border-radius: 6px; padding: 1rem; max-width: 96vw; max-height: 96vh; }
dialog::backdrop { background: rgb(20 24 28 / .75); }
dialog img { display: block; width: 90vw; height: 80vh; object-fit: contain; }
dialog p { max-width: 90vw; margin: .6rem 0 0; } dialog button { position: absolute; right: .5rem; top: .5rem; }
pre { overflow-x: auto; background: var(--faint); border: 1px solid var(--line); border-radius: 4px;
  padding: .8rem 1rem; font-size: .82rem; line-height: 1.45; }

@media screen and (max-width: 48rem) {
  body { font-size: 15px; } main, nav div { padding-left: 1rem; padding-right: 1rem; } h1 { font-size: 1.6rem; }
  .flow { grid-template-columns: minmax(0, 1fr); } .flow .stem { min-height: 1.4rem; }
  .flow .out { grid-column: 1; margin: .6rem 0; } .flow .out::before { content: none; }
  .flow .splits .box::before, .flow .splits .box::after { content: none; }
  .flow .stem:has(+ .splits)::after { content: ""; }
  .flow .splits { display: block; padding: 0; } .splits .box { margin-top: 1rem; }
  .gallery { grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); }
}
@media print {
  @page { margin: 16mm 14mm; }
  html { font-size: 8.5pt; } nav, dialog, th button::after, th button::before { display: none; }
  main { max-width: none; padding: 0; } h1 { margin-top: 0; }
  a { color: inherit; text-decoration: none; } th, td { padding-right: .6rem; }
  .wide { overflow: visible; } th { white-space: normal; } h2 { break-after: avoid; margin-top: 1.5rem; }
  h3 { break-after: avoid; } figure, tr, .box, .banner { break-inside: avoid; }
  .gallery { grid-template-columns: repeat(5, 1fr); } .gallery a.large { height: 7rem; }
}
"""

SCRIPT = r"""
"use strict";
(() => {
  const NUMBER = /^[-+]?[\d.,]*\d(?=[x%]?(\s|$))/;
  const text = (row, column) => row.cells[column].textContent.trim().replace(/^–$/, "");  // a dash has nothing to show
  const number = (cell) => parseFloat(cell.match(NUMBER)[0].replaceAll(",", ""));

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
    picture.src = link.querySelector("img").src;
    picture.alt = words.textContent = link.parentElement.querySelector("figcaption").textContent;
    if (!dialog.isConnected) document.body.append(dialog);
    dialog.showModal();
  });
})();
"""
