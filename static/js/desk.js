// Enhancements of the desk. Everything works without them.

// Two keystrokes decide a hold: R or D opens the form, a number picks the reason and sends.
// The keys act only while the focus is on a hold, and never while somebody is typing.

const holds = [...document.querySelectorAll("[data-hold]")];

for (const hold of holds) {
  hold.tabIndex = -1;
  hold.addEventListener("keydown", (event) => decide(hold, event));
}

for (const reason of document.querySelectorAll("[data-hold] input[data-key]")) {
  const hint = document.createElement("kbd");
  hint.textContent = reason.dataset.key;
  hint.setAttribute("aria-hidden", "true");
  reason.labels[0]?.prepend(hint, " ");
}

const inQueue = document.querySelector(".hold h2") !== null;
if (inQueue && !document.querySelector("[autofocus]")) {
  holds[0]?.focus({ preventScroll: true });
}

function decide(hold, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const key = event.key.toLowerCase();
  if (key === "j" || key === "k") {
    step(hold, key === "j" ? 1 : -1);
  } else if (key === "r" || key === "d") {
    open(hold, key === "r" ? "release" : "decline");
  } else if (/^[1-9]$/.test(key)) {
    choose(hold, key);
  } else {
    return;
  }
  event.preventDefault();
}

function isTyping(target) {
  return target.matches("textarea, select, input:not([type=radio])");
}

function step(hold, by) {
  const next = holds[holds.indexOf(hold) + by];
  if (next) {
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }
}

function open(hold, which) {
  for (const other of hold.querySelectorAll("[data-decide]")) {
    other.open = other.dataset.decide === which;
  }
  const chosen = hold.querySelector(`[data-decide=${which}]`);
  chosen?.querySelector("input[type=radio]")?.focus();
}

function choose(hold, number) {
  const opened = hold.querySelector("[data-decide][open]");
  const reason = opened?.querySelector(`input[data-key="${number}"]`);
  if (!reason) return;
  reason.checked = true;
  // What needs more words, or the name of a clinician, waits for them.
  const more =
    reason.value === "other"
      ? opened.querySelector("textarea")
      : opened.querySelector("[name=attested_who]");
  if (more && !more.value) {
    more.focus();
  } else {
    reason.form.requestSubmit();
  }
}

// A release is only asked for where it was chosen; without this script it is just ignored.
for (const fields of document.querySelectorAll(".release-now")) {
  const choices = fields.form ?? fields.closest("form");
  const update = () => {
    const chosen = choices.querySelector("[name=how]:checked");
    fields.hidden = chosen?.value !== "release";
  };
  choices.addEventListener("change", update);
  update();
}
