// The hand-off page: counts down, watches for the result, offers the link, and opens the gateway once by itself.
// It decides nothing: every state comes from the server, and the page is loaded anew when the state changes.

const { state, late, status, seconds, auto } = document.body.dataset;
const began = Date.now();
const leftAtLoad = Number(seconds);
// An order that is over can still see money come, and money that came can still go back.
const restless = ["payable", "checking", "expired", "closed"];
const moving = late.split(",").some((what) => what === "returning" || what === "undecided");

function left() {
  return Math.max(0, leftAtLoad - Math.floor((Date.now() - began) / 1000));
}

function countDown() {
  const clock = document.getElementById("countdown");
  if (!clock) return;
  const tick = () => {
    const s = left();
    const minutes = Math.floor(s / 60);
    clock.textContent = `${String(minutes).padStart(2, "0")}:${String(s % 60).padStart(2, "0")}`;
    if (s > 0) setTimeout(tick, 1000);
    else ask();
  };
  tick();
}

let asking = false;
async function ask() {
  if (asking) return;
  asking = true;
  try {
    const answer = await fetch(status, { cache: "no-store", credentials: "omit" });
    if (!answer.ok) return;
    const now = await answer.json();
    if (now.state !== state || (now.late ?? []).map((money) => money.state).join() !== late) location.reload();
  } catch {
    // Offline for a moment: the next round asks again.
  } finally {
    asking = false;
  }
}

// Every two seconds at first, then more rarely; a page that nobody looks at does not ask.
function watch() {
  if (!restless.includes(state) && !moving) return;
  const again = () => {
    const minutes = (Date.now() - began) / 60000;
    const pause = minutes < 2 ? 2000 : minutes < 10 ? 5000 : 15000;
    if (minutes < 180) setTimeout(async () => { if (!document.hidden) await ask(); again(); }, pause);
  };
  again();
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  addEventListener("pageshow", (e) => { if (e.persisted) ask(); });
}

async function copyText(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    field.focus();
    field.setSelectionRange(0, field.value.length);
    return document.execCommand("copy");
  }
}

function offerLink() {
  const button = document.getElementById("copy");
  if (!button) return;
  const field = document.getElementById("link");
  const done = document.getElementById("copied");
  button.addEventListener("click", async () => {
    done.hidden = !(await copyText(field));
    if (done.hidden) field.select();
  });
  field.addEventListener("focus", () => field.select());
}

function closeMask() {
  const mask = document.getElementById("mask");
  if (!mask) return;
  document.getElementById("mask-close").addEventListener("click", () => { mask.hidden = true; });
}

// Opens the gateway once per tab, after the buyer has seen payee and amount. Whoever comes back decides for themselves.
function openOnce() {
  const form = document.getElementById("pay");
  if (!form) return;
  form.addEventListener("submit", () => {
    form.querySelector("button").disabled = true;
    setTimeout(() => { form.querySelector("button").disabled = false; }, 4000);
  });
  addEventListener("pageshow", () => { form.querySelector("button").disabled = false; });
  const seen = `paymux-opened:${location.pathname}`;
  let first = auto === "yes";
  try {
    first = first && sessionStorage.getItem(seen) === null;
    sessionStorage.setItem(seen, "1");
  } catch {
    first = false;
  }
  const how = performance.getEntriesByType("navigation")[0];
  if (first && !(how && how.type === "back_forward")) setTimeout(() => form.requestSubmit(), 1200);
}

countDown();
watch();
offerLink();
closeMask();
openOnce();
