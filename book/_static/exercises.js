// Fields that judge an answer on the page: right, close or not yet.
// What counts is in the page as hashes (helpers.notebook.answers); nothing is sent anywhere.
(() => {
  "use strict";

  // SHA-256 of text, in hexadecimal: crypto.subtle is missing where a page comes over plain http
  const K = [], H0 = [];
  for (let n = 2, found = 0; found < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
    if (!prime) continue;
    const part = (x) => ((x - Math.floor(x)) * 4294967296) | 0;
    if (found < 8) H0.push(part(Math.sqrt(n)));
    K.push(part(Math.cbrt(n)));
    found++;
  }
  const turn = (x, n) => (x >>> n) | (x << (32 - n));
  function sha256(text) {
    const bytes = [...new TextEncoder().encode(text)], bits = bytes.length * 8;
    bytes.push(0x80);
    while (bytes.length % 64 !== 56) bytes.push(0);
    for (let shift = 56; shift >= 0; shift -= 8) bytes.push(shift >= 32 ? 0 : (bits >>> shift) & 255);
    const h = H0.slice(), w = new Int32Array(64);
    for (let start = 0; start < bytes.length; start += 64) {
      for (let i = 0; i < 64; i++) {
        if (i < 16) {
          const j = start + 4 * i;
          w[i] = (bytes[j] << 24) | (bytes[j + 1] << 16) | (bytes[j + 2] << 8) | bytes[j + 3];
        } else {
          const a = w[i - 15], b = w[i - 2];
          w[i] = (w[i - 16] + w[i - 7] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3))
            + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10))) | 0;
        }
      }
      let [a, b, c, d, e, f, g, k] = h;
      for (let i = 0; i < 64; i++) {
        const one = (k + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
        const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        k = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
      }
      [a, b, c, d, e, f, g, k].forEach((x, i) => { h[i] = (h[i] + x) | 0; });
    }
    return h.map((x) => (x >>> 0).toString(16).padStart(8, "0")).join("");
  }

  function digest(sealed, text) {
    let found = text;
    for (let i = 0; i < sealed.rounds; i++) found = sha256(`${sealed.salt}|${found}`);
    return found.slice(0, sealed.length);
  }

  const plain = (word) => word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase()
    .trim().split(/\s+/).join(" ");

  // a number as people write it: 1,234.5, 12 %, −0.3, 0,95, 3/5
  function number(text) {
    let bare = text.trim().replace(/[\u2212\u2013]/g, "-").replace(/\s/g, "");
    const percent = bare.endsWith("%");
    if (percent) bare = bare.slice(0, -1);
    const parts = bare.split("/");
    if (parts.length === 2) return number(parts[0]) / number(parts[1]) / (percent ? 100 : 1);
    if (/^[-+]?\d{1,3}(,\d{3})+(\.\d*)?$/.test(bare)) bare = bare.replaceAll(",", "");
    else if (/^[-+]?\d+,\d+$/.test(bare)) bare = bare.replace(",", ".");
    if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(bare)) return NaN;
    return Number(bare) / (percent ? 100 : 1);
  }

  const bucket = (x, power) => {
    const n = Math.round(power > 0 ? x / 10 ** power : x * 10 ** -power);
    return Object.is(n, -0) ? 0 : n;
  };

  // what is typed, as the numbers that are asked for: "0.6, 0.4", "0.6; 0.4", "(0.6, 0.4)"
  function numbers(text, count) {
    const bare = text.trim().replace(/^[([]|[)\]]$/g, "");
    if (count === 1) return [number(bare)];
    return bare.split(bare.includes(";") ? ";" : /,\s+|\s+|,/).filter(Boolean).map(number);
  }

  function judge(sealed, text) {
    if (!text.trim()) return ["", "no answer yet"];
    if (sealed.kind === "name") {
      return sealed.parts[0].right.includes(digest(sealed, plain(text)))
        ? ["right", "right"] : ["not", "not yet"];
    }
    const given = numbers(text, sealed.parts.length);
    if (given.some(Number.isNaN)) return ["not", "this is not read as a number; write 0.25, 25 % or 1/4"];
    if (given.length !== sealed.parts.length) {
      return ["not", `${sealed.parts.length} numbers are asked for, with commas between`];
    }
    const told = given.map((x, i) => {
      const part = sealed.parts[i];
      const whole = !part.whole || Number.isInteger(x);
      if (whole && part.right.includes(digest(sealed, `right:${bucket(x, part.unit)}`))) return 2;
      return part.close.includes(digest(sealed, `close:${bucket(x, part.far)}`)) ? 1 : 0;
    });
    const worst = Math.min(...told);
    if (worst === 2) return ["right", "right"];
    return worst === 1 ? ["close", "close: more digits, or one step that is missing"] : ["not", "not yet"];
  }

  function field(box, count) {
    const sealed = JSON.parse(box.dataset.sealed);
    const form = document.createElement("form");
    const id = `answer-${count}`;
    const asked = sealed.kind === "name" ? "a name"
      : sealed.parts.length === 1 ? (sealed.parts[0].whole ? "a whole number" : "a number")
        : `${sealed.parts.length} numbers`;
    form.innerHTML = `<label for="${id}">Your answer (${asked})</label>
      <input id="${id}" type="text" autocomplete="off" autocapitalize="off" spellcheck="false">
      <button type="submit">Check</button><output for="${id}" aria-live="polite"></output>`;
    const [input, said] = [form.querySelector("input"), form.querySelector("output")];
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const [state, words] = judge(sealed, input.value);
      form.dataset.state = state;
      said.textContent = words;
    });
    input.addEventListener("input", () => { form.dataset.state = ""; said.textContent = ""; });
    box.replaceChildren(form);
  }

  const start = () => document.querySelectorAll(".exercise-answer[data-sealed]").forEach(field);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
  window.companionAnswers = { sha256, judge, number };
})();
