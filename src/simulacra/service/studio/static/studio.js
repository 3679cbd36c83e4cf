// What the study page does beyond links, forms and htmx: an upload shows how far it is. Without it
// the form is sent as forms are.
"use strict";

const UNKNOWN = "That did not work. Try again.";
const inMegabytes = bytes => `${(bytes / 1048576).toFixed(1)} MiB`;

function prepareUpload(form) {
  const file = form.querySelector("input[type=file]");
  const zone = form.querySelector("[data-drop]");
  const send = form.querySelector("[data-send]");
  const cancel = form.querySelector("[data-cancel]");
  const sending = form.querySelector("[data-sending]");
  const told = form.querySelector("[data-told]");
  const bar = sending.querySelector("progress");
  const fault = form.querySelector("[data-fault]");
  let request = null;

  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, event => { event.preventDefault(); zone.classList.add("over"); });
  }
  for (const name of ["dragleave", "drop"]) {
    zone.addEventListener(name, () => zone.classList.remove("over"));
  }
  zone.addEventListener("drop", event => {
    event.preventDefault();
    if (event.dataTransfer.files.length > 0) file.files = event.dataTransfer.files;
    file.dispatchEvent(new Event("change"));
  });
  file.addEventListener("change", () => zone.classList.toggle("chosen", file.files.length > 0));

  const rest = () => {
    request = null;
    send.disabled = false;
    cancel.hidden = true;
    sending.hidden = true;
  };
  const fail = text => {
    const notice = document.createElement("p");
    notice.className = "notice notice-bad";
    notice.setAttribute("role", "alert");
    notice.textContent = text;
    fault.replaceChildren(notice);
  };
  cancel.addEventListener("click", () => request?.abort());
  // Answers are parts of a page, or problem documents where a request came not as far as a page.
  const reason = ({ responseText }) => {
    const shown = new DOMParser().parseFromString(responseText, "text/html").querySelector(".notice p");
    if (shown) return shown.textContent;
    try {
      return JSON.parse(responseText).detail ?? UNKNOWN;
    } catch {
      return UNKNOWN;
    }
  };

  form.addEventListener("submit", event => {
    event.preventDefault();
    if (request) return;
    const size = file.files[0]?.size ?? 0, most = Number(form.dataset.upload);
    if (size > most) {
      fail(`The file has ${inMegabytes(size)}; at most ${inMegabytes(most)} are taken.`);
      return;
    }
    request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("HX-Request", "true");
    let tenths = -1;
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      bar.value = total ? 100 * loaded / total : 0;
      const now = Math.floor(10 * loaded / total);
      if (now === tenths) return;  // a screen reader hears of every tenth, not of every packet
      tenths = now;
      told.textContent = loaded < total
        ? `${inMegabytes(loaded)} of ${inMegabytes(total)} sent`
        : "Sent. The file is checked and encrypted.";
    });
    request.addEventListener("load", () => {
      const next = request.getResponseHeader("HX-Redirect");
      if (next) {
        window.location.assign(next);
        return;
      }
      fail(reason(request));
      rest();
    });
    request.addEventListener("error", () => { fail("The connection was lost. Try again."); rest(); });
    request.addEventListener("abort", () => { fail("The upload was cancelled."); rest(); });
    fault.replaceChildren();
    bar.value = 0;
    told.textContent = "Begins";
    sending.hidden = false;
    cancel.hidden = false;
    send.disabled = true;
    request.send(new FormData(form));
  });
}

document.querySelectorAll("form[data-upload]").forEach(prepareUpload);

// On a phone the tabs scroll; the one that is open is where it can be seen.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// The menu of the person closes as menus do.
document.addEventListener("click", event => {
  const menu = document.querySelector("details.who[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", event => {
  const menu = document.querySelector("details.who[open]");
  if (menu && event.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
