// Looks every second and a half whether the order has moved, and shows the page again if it has. A page that nobody sees does not look.
const { watch, state } = document.body.dataset;
const pause = 1500;

async function look() {
  if (document.visibilityState !== "visible") return;
  try {
    const answer = await fetch(watch, { cache: "no-store" });
    if (answer.ok && (await answer.text()) !== state) location.reload();
  } catch {
    // The server is away: the next look tells.
  }
}

setInterval(look, pause);
document.addEventListener("visibilitychange", look);
window.addEventListener("pageshow", look);
