// Moves through the view without loading the page anew: keys stand for links, links replace the content.
"use strict";

const PLAY_MS = 800;
let timer = null;
let latest = 0;

async function show(url, keep) {
  const turn = ++latest;
  let text;
  try {
    text = await (await fetch(url)).text();
  } catch {
    location.assign(url);
    return;
  }
  if (turn !== latest) return;
  const page = new DOMParser().parseFromString(text, "text/html");
  const focused = document.activeElement?.id;
  const scrolled = [...document.querySelectorAll(".wide")].map((part) => part.scrollLeft);
  document.title = page.title;
  document.getElementById("view").replaceWith(page.getElementById("view"));
  document.querySelectorAll(".wide").forEach((part, place) => { part.scrollLeft = scrolled[place] ?? 0; });
  if (keep) history.pushState(null, "", url);
  if (focused) document.getElementById(focused)?.focus();
  prepare();
}

function prepare() {
  const button = document.getElementById("play");
  if (!button) return;
  button.hidden = false;
  button.setAttribute("aria-pressed", String(timer !== null));
}

function play() {
  if (timer !== null) {
    clearInterval(timer);
    timer = null;
  } else {
    timer = setInterval(() => {
      const next = document.querySelector('a[data-key="ArrowRight"]') ?? document.querySelector('a[data-key="0"]');
      if (next) show(next.href, true);
    }, PLAY_MS);
  }
  prepare();
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("a[href^='/'], #play");
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (target.id === "play") play();
  else show(target.getAttribute("href"), true);
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input")) return;
  const target = [...document.querySelectorAll("[data-key]")].find((item) => item.dataset.key === event.key);
  if (!target) return;
  event.preventDefault();
  target.click();
});

window.addEventListener("popstate", () => show(location.href, false));
prepare();
