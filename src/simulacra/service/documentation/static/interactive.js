// The interactive page: what its component does not do by itself.
//
// - It shows the contract with one way to authenticate, HTTP Bearer, and calls the server that
//   the page came from.
// - A form exchanges client credentials for a token and fills it in. The token is in the memory of
//   this tab alone.
// - Every operation that takes an Idempotency-Key gets one of this tab, which is kept in the tab's
//   own storage: the same for a second try and after a reload, until somebody asks for a new one.

const KEY_HEADER = "Idempotency-Key";
const LABELS = { EXECUTE: "TRY", Authentication: "AUTHENTICATION", Simulacra: "Overview" };

const explorer = document.getElementById("explorer");
const form = document.getElementById("exchange");
const exchangeNote = document.getElementById("exchange-note");
const bearerNote = document.getElementById("bearer-note");

// Text

function tell(note, text, kind) {
  note.hidden = !text;
  note.textContent = text;
  note.className = `note ${kind}`;
}

function relabel(root) {
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const label = LABELS[texts.currentNode.nodeValue.trim()];
    if (label) texts.currentNode.nodeValue = label;
  }
}

// The token

function claimsOf(token) {
  try {
    const body = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(body));
  } catch {
    return null;
  }
}

function isToken(text) {
  return /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(text);
}

function expiryOf(token) {
  const claims = claimsOf(token);
  return claims && claims.exp ? new Date(claims.exp * 1000) : null;
}

function tellExpiry(token) {
  const end = expiryOf(token);
  if (end === null) return tell(bearerNote, "The token is filled in.", "good");
  if (end < new Date()) {
    return tell(bearerNote, `This token has expired on ${end.toLocaleString()}. Get a new one below.`, "bad");
  }
  return tell(bearerNote, `The token is filled in. It is valid until ${end.toLocaleString()}.`, "good");
}

async function exchange(event) {
  event.preventDefault();
  const button = form.querySelector("button");
  const [id, secret] = [form.elements.client_id, form.elements.client_secret];
  button.disabled = true;
  tell(exchangeNote, "Exchanging ...", "");
  try {
    const answer = await fetch("/__docs__/token", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ client_id: id.value, client_secret: secret.value }),
    });
    const body = await answer.json();
    if (!answer.ok) return tell(exchangeNote, `${body.detail} (${body.code}, request ${body.request_id})`, "bad");
    secret.value = "";
    await explorer.setAuthenticationConfiguration(bearerScheme, { token: body.access_token });
    const end = expiryOf(body.access_token);
    tell(exchangeNote, `HTTP Bearer is filled in${end ? `, valid until ${end.toLocaleString()}` : ""}.`, "good");
    tellExpiry(body.access_token);
  } catch {
    tell(exchangeNote, "The service did not answer. Try again in a moment.", "bad");
  } finally {
    button.disabled = false;
  }
}

// What is typed into HTTP Bearer: a secret in a token's place is explained, and not applied.
function checkBearer(event) {
  const button = event.composedPath().find((it) => it.tagName === "BUTTON" && it.type === "submit");
  const field = button?.closest("form")?.querySelector(".api-key-input");
  if (!field) return;
  const typed = field.value.trim().replace(/^Bearer\s+/i, "");
  if (isToken(typed)) return tellExpiry(typed);
  event.preventDefault();
  event.stopImmediatePropagation();
  tell(
    bearerNote,
    typed
      ? "This is not an access token: those begin with eyJ and have two dots. If it is a client " +
          "secret, put it into the form below, which exchanges it for a token."
      : "Paste an access token, or use the form below.",
    "bad",
  );
  field.value = "";
}

// Idempotency keys

function keyOf(operation) {
  const stored = `simulacra ${KEY_HEADER} ${operation}`;
  return {
    get: () => sessionStorage.getItem(stored) ?? renew(stored),
    set: (key) => sessionStorage.setItem(stored, key),
    renew: () => renew(stored),
  };
}

function renew(stored) {
  const key = crypto.randomUUID();
  sessionStorage.setItem(stored, key);
  return key;
}

function fieldOf() {
  return explorer.shadowRoot.querySelector(`[data-pname="${KEY_HEADER}" i]`);
}

function keyPanel(path, parameter) {
  const key = keyOf(path.elementId);
  const panel = document.createElement("div");
  const [text, button, state] = ["span", "button", "span"].map((it) => document.createElement(it));
  panel.className = "key";
  panel.slot = path.elementId;
  text.textContent = `${KEY_HEADER} of this tab: a second try, even after a reload, is the same request.`;
  button.type = "button";
  button.textContent = "New key";
  state.setAttribute("role", "status");
  button.addEventListener("click", () => {
    parameter.schema.default = key.renew();
    const field = fieldOf();
    if (field) field.value = parameter.schema.default;
    state.textContent = "The next try is a new request.";
  });
  panel.append(text, button, state);
  explorer.append(panel);
  panels.set(path.elementId, { key, parameter, state });
  return key;
}

const panels = new Map();

function onRequest(event) {
  const { explorerLocation, headers } = event.detail.request;
  const panel = panels.get(explorerLocation);
  const sent = headers?.get?.(KEY_HEADER);
  if (!panel || !sent) return;
  panel.key.set(sent); // somebody may have typed another one
  panel.parameter.schema.default = sent;
}

function onResponse(event) {
  const { explorerLocation, response } = event.detail;
  const panel = panels.get(explorerLocation);
  if (panel && response?.ok) {
    panel.state.textContent = "This key is used: TRY repeats the same request. For another one take a new key.";
  }
  if (response?.status === 401) {
    tell(bearerNote, "The last call was refused with 401: fill in a fresh token.", "bad");
  }
}

// The contract

let bearerScheme = "";

function prepared(contract) {
  const schemes = contract.components.securitySchemes ?? {};
  for (const [name, scheme] of Object.entries(schemes)) {
    if (scheme.type === "http" && scheme.scheme === "bearer") bearerScheme = name;
    else delete schemes[name];
  }
  for (const methods of Object.values(contract.paths)) {
    for (const operation of Object.values(methods)) {
      operation.security = operation.security?.filter((it) => bearerScheme in it);
    }
  }
  contract.servers = [{ url: location.origin }];
  return withoutNull(contract);
}

// A member that may be null is shown as what it is otherwise: forms have no null.
function withoutNull(node) {
  if (node === null || typeof node !== "object") return node;
  if (Array.isArray(node)) return node.map(withoutNull);
  const { anyOf, ...rest } = node;
  const others = Array.isArray(anyOf) ? anyOf.filter((it) => it?.type !== "null") : [];
  const plain = others.length === 1 && others.length < anyOf.length ? { ...others[0], ...rest } : node;
  return Object.fromEntries(Object.entries(plain).map(([name, it]) => [name, withoutNull(it)]));
}

function onLoaded(event) {
  for (const tag of event.detail.tags) {
    for (const path of tag.paths) {
      const parameter = path.parameters?.find((it) => it.name.toLowerCase() === KEY_HEADER.toLowerCase());
      if (!parameter) continue;
      parameter.schema.default = keyPanel(path, parameter).get();
    }
  }
}

form.addEventListener("submit", exchange);
explorer.addEventListener("spec-loaded", onLoaded);
explorer.addEventListener("request", onRequest);
explorer.addEventListener("response", onResponse);

await customElements.whenDefined("openapi-explorer");
const shadow = explorer.shadowRoot;
const methods = new CSSStyleSheet();
methods.replaceSync(".method { width: 4.25rem; }"); // the component's own width breaks DELETE in two
shadow.adoptedStyleSheets = [...shadow.adoptedStyleSheets, methods];
shadow.addEventListener("click", checkBearer, { capture: true });
new MutationObserver(() => relabel(shadow)).observe(shadow, { childList: true, subtree: true, characterData: true });
const answer = await fetch("/openapi.json");
await explorer.loadSpec(prepared(await answer.json()));
