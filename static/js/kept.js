// Counts down the time that is kept, warns two minutes before it ends, and keeps it longer
// without leaving the page. Everything here also works as plain buttons.

const WARN_AT = 120;
const box = document.getElementById("kept");
const words = document.getElementById("kept-words");
const dialog = document.getElementById("warning");
const form = document.getElementById("details");
const buttons = document.querySelectorAll("button[formaction]");

let endsAt = Date.now() + Number(box.dataset.seconds) * 1000;
let warned = false;
let over = false;

function spoken(seconds) {
  const minutes = Math.ceil(seconds / 60);
  if (seconds <= 60) return "less than a minute";
  return `${minutes} more minutes`;
}

function show(seconds) {
  const strong = document.createElement("strong");
  strong.textContent = spoken(seconds);
  words.replaceChildren("We keep this time for you for ", strong, ".");
}

async function keep(button) {
  const data = new FormData(form);
  const answer = await fetch(button.formAction, {
    method: "POST",
    body: data,
    headers: { Accept: "application/json" },
  });
  if (!answer.ok || !answer.headers.get("Content-Type")?.includes("json")) {
    throw new Error("not kept");
  }
  const { seconds } = await answer.json();
  endsAt = Date.now() + seconds * 1000;
  warned = false;
  dialog.close();
  tick();
}

function end(button) {
  // The server shows the nearest free times and keeps what was typed.
  over = true;
  form.requestSubmit(button);
}

function tick() {
  if (over) return;
  const left = Math.round((endsAt - Date.now()) / 1000);
  if (left <= 0) {
    end(buttons[0]);
    return;
  }
  show(left);
  if (left <= WARN_AT && !warned) {
    warned = true;
    dialog.showModal();
  }
}

for (const button of buttons) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    keep(button).catch(() => end(button));
  });
}

tick();
setInterval(tick, 1000);
