"use strict";
const WORDS = "WORDS";

// What is looked for and what is looked in, in one spelling: no capitals, no hyphens, no marks between words.
function folded(text) {
  return text.toLowerCase().replace(/[-‐–_./()’']/g, " ").replace(/₂/g, "2").replace(/\s+/g, " ").trim();
}

// The texts of which one must stand in a row for a word: itself, or what a Swedish word means in English.
function meant(word) {
  const exact = WORDS.swedish[word];
  if (exact) return [folded(exact)];
  const begun = word.length < 3 ? [] : Object.keys(WORDS.swedish).filter((one) => one.startsWith(word));
  return [folded(word), ...begun.map((one) => folded(WORDS.swedish[one]))];
}

function fits(query, text) {
  const plain = text.replace(/ /g, "");
  return query
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .every((word) => meant(word).some((one) => text.includes(one) || plain.includes(one.replace(/ /g, ""))));
}

// How many letters differ, one that is missing, too many or in another's place counted once.
function distance(left, right) {
  let before = Array.from({ length: right.length + 1 }, (_, place) => place);
  for (let row = 1; row <= left.length; row += 1) {
    const now = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const changed = before[column - 1] + (left[row - 1] === right[column - 1] ? 0 : 1);
      now.push(Math.min(changed, before[column] + 1, now[column - 1] + 1));
    }
    before = now;
  }
  return before[right.length];
}

// The known word that is nearest to one that was mistyped, or the word itself.
function mended(word, known) {
  const most = word.length > 7 ? 3 : word.length > 3 ? 2 : 0;
  let best = word;
  let least = most + 1;
  for (const one of known) {
    if (Math.abs(one.length - word.length) >= least) continue;
    const many = distance(word, one);
    if (many < least) [best, least] = [one, many];
  }
  return best;
}

function start() {
  const form = document.getElementById("search");
  const [find, maker, quantity] = ["find", "maker", "quantity"].map((id) => document.getElementById(id));
  const count = document.getElementById("count");
  const none = document.getElementById("none");
  const rows = [...document.querySelectorAll("#models tbody tr")].map((row) => {
    const quantities = [...row.cells[2].children].map((one) => one.textContent.replace(/ \(.*/, ""));
    const more = quantities.map((one) => WORDS.quantities[one] || "");
    const text = folded([...row.cells].slice(0, 3).map((cell) => cell.textContent).concat(more).join(" "));
    const href = row.cells[1].querySelector("a").getAttribute("href");
    return { row, quantities, maker: row.cells[0].textContent, text: text + " " + folded(href.replace(".html#", " ")) };
  });
  const known = new Set(Object.keys(WORDS.swedish).concat(...rows.map((one) => one.text.split(" "))).filter((one) => one.length > 3));

  function suggest() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const better = words.map((word) => (rows.some((one) => fits(word, one.text)) ? word : mended(word, known))).join(" ");
    none.textContent = "Nothing fits. ";
    if (better === words.join(" ") || !rows.some((one) => fits(better, one.text))) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `Did you mean “${better}”?`;
    button.onclick = () => { find.value = better; show(); find.focus(); };
    none.append(button);
  }

  function show() {
    let shown = 0;
    for (const one of rows) {
      const here = (!maker.value || one.maker === maker.value) && (!quantity.value || one.quantities.includes(quantity.value)) && fits(find.value, one.text);
      one.row.hidden = !here;
      shown += here ? 1 : 0;
    }
    count.textContent = shown === rows.length ? `All ${shown} models` : `${shown} of ${rows.length} models`;
    none.hidden = shown > 0;
    if (!shown) suggest();
    const asked = new URLSearchParams(Object.entries({ find: find.value, maker: maker.value, quantity: quantity.value }).filter(([, value]) => value));
    history.replaceState(null, "", `#${asked}`);
  }

  function ask() {
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const one of [find, maker, quantity]) one.value = asked.get(one.id) || "";
    show();
  }

  form.hidden = false;
  form.onsubmit = (event) => event.preventDefault();
  form.oninput = show;
  addEventListener("hashchange", () => location.hash !== "#models" && ask());
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && document.activeElement !== find) {
      event.preventDefault();
      find.focus();
    } else if (event.key === "Escape" && document.activeElement === find) {
      find.value = "";
      show();
    }
  });
  ask();
}

if (typeof document !== "undefined") start();
