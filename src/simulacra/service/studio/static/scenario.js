// Sliders and the fields beside them say the same; shares stay within 100 %. What is sent are the
// fields, so that the page works without this, if less smoothly.
"use strict";

const sliderOf = id => document.querySelector(`[data-slider="${CSS.escape(id)}"]`);
const rounded = value => Math.round(value * 100) / 100;

// What the other shares of a question leave.
function room(field) {
  const group = field.closest("[data-sums]");
  if (!group) return 100;
  let left = 100;
  for (const other of group.querySelectorAll("[data-share]")) {
    if (other !== field) left -= Number(other.value) || 0;
  }
  return Math.max(0, rounded(left));
}

function tellRest(group) {
  const told = group?.querySelector("[data-rest]");
  if (!told) return;
  const fields = [...group.querySelectorAll("[data-share]")];
  const filled = fields.filter(field => field.value !== "");
  const rest = rounded(100 - filled.reduce((sum, field) => sum + (Number(field.value) || 0), 0));
  told.classList.toggle("over", rest < 0);
  if (rest < 0) told.textContent = `${-rest}% too much: shares add up to 100% at most.`;
  else if (filled.length === 0) told.textContent = "Nothing is set: the shares follow the study and the other conditions.";
  else if (filled.length === fields.length) told.textContent = `Together ${rounded(100 - rest)}%.`;
  else told.textContent = `${rest}% are left to the answers that are open.`;
}

function show(field) {
  const slider = sliderOf(field.id);
  const isOpen = field.value === "";
  if (slider) {
    slider.classList.toggle("open", isOpen);
    if (!isOpen) slider.value = field.value;
  }
  const clear = document.querySelector(`[data-clear="${CSS.escape(field.id)}"]`);
  if (clear) clear.hidden = isOpen;
  tellRest(field.closest("[data-sums]"));
}

// The ends of a range do not pass each other.
function keepOrder(slider) {
  const range = slider.closest("[data-range]");
  if (!range) return;
  const [low, high] = range.querySelectorAll("[data-slider]");
  if (!low || !high) return;
  if (slider === low && Number(low.value) > Number(high.value)) low.value = high.value;
  if (slider === high && Number(high.value) < Number(low.value)) high.value = low.value;
}

document.addEventListener("input", event => {
  const { target } = event;
  if (target.dataset?.slider) {
    const field = document.getElementById(target.dataset.slider);
    keepOrder(target);
    if (field.hasAttribute("data-share")) target.value = Math.min(Number(target.value), room(field));
    field.value = target.value;
    show(field);
  } else if (target.id && sliderOf(target.id)) {
    show(target);
  }
}, true);  // before htmx hears of it, and sends the fields

document.addEventListener("click", event => {
  const clear = event.target.closest?.("[data-clear]");
  if (clear) {
    const field = document.getElementById(clear.dataset.clear);
    const slider = sliderOf(field.id);
    field.value = "";
    if (slider && field.dataset.study) slider.value = field.dataset.study;
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const copy = event.target.closest?.("[data-copy], [data-copy-address]");
  if (copy) {
    const text = copy.dataset.copy ? document.getElementById(copy.dataset.copy).textContent : window.location.href;
    const before = copy.innerHTML;
    navigator.clipboard.writeText(text).then(
      () => { copy.textContent = "Copied"; },
      () => { copy.textContent = "Not copied"; },
    ).finally(() => setTimeout(() => { copy.innerHTML = before; }, 2000));
  }
});
