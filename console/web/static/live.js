// Keeps a page live: the server sends fragments of HTML that it rendered and escaped itself, and data for the charts.

const SHAPES = {
  live: '<path class="good beat" d="M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2Z" fill="currentColor"/>',
  waiting: '<path class="insufficient" d="M8 1 15 8 8 15 1 8Z" fill="none" stroke="currentColor" stroke-width="1.8"/>',
};

function showLink(kind, text) {
  const place = document.getElementById("link-state");
  if (place.dataset.said === text) return;
  place.dataset.kind = kind;
  place.dataset.said = text;
  place.innerHTML = `<svg width="12" height="12" viewBox="0 0 16 16" aria-hidden="true">${SHAPES[kind]}</svg>`;
  place.append(text);
}

function replace(place, html) {
  if (place.dataset.html === html) return;
  place.dataset.html = html;
  const focused = place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const scrolled = [...place.querySelectorAll(".scroll")].map((box) => box.scrollLeft);
  place.innerHTML = html;
  place.querySelectorAll(".scroll").forEach((box, i) => (box.scrollLeft = scrolled[i] ?? 0));
  if (focused) place.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

const STALE_MS = 10_000;

function listen(address) {
  const source = new EventSource(address);
  let heard = Date.now();
  // A connection can die without a word; what is old must not look live.
  setInterval(() => {
    const silence = Date.now() - heard;
    if (silence > STALE_MS) showLink("waiting", `no news for ${Math.round(silence / 10_000) * 10} s`);
  }, 1_000);
  source.onerror = () => showLink("waiting", "connection lost, trying again");
  source.addEventListener("trouble", (event) => {
    heard = Date.now();
    showLink("waiting", JSON.parse(event.data));
  });
  source.onmessage = (event) => {
    heard = Date.now();
    const { fragments, charts } = JSON.parse(event.data);
    showLink("live", "live");
    for (const [name, html] of Object.entries(fragments)) {
      const place = document.querySelector(`[data-fragment="${name}"]`);
      if (place) replace(place, html);
    }
    if (charts) document.dispatchEvent(new CustomEvent("charts", { detail: charts }));
    document.body.dataset.updates = Number(document.body.dataset.updates ?? 0) + 1;
  };
}

if (document.body.dataset.live) listen(document.body.dataset.live);
