/* Solves a challenge of parvis.web.challenges: for each part, the first number whose SHA-256 begins with enough zeros.
   Synchronous, as each call of the browser's own digest takes longer than the digest itself. */
"use strict";

const fraction = (root) => ((root - Math.floor(root)) * 2 ** 32) | 0;
const primes = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime)) primes.push(n);
const K = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));
const START = Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const W = new Int32Array(64);

const compress = (state, block) => {
  W.set(block);
  for (let i = 16; i < 64; i++) {
    const x = W[i - 15], y = W[i - 2];
    W[i] = (W[i - 16] + W[i - 7] + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3)
      + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10)) | 0;
  }
  let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (let i = 0; i < 64; i++) {
    const one = (h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (e & f ^ ~e & g) + K[i] + W[i]) | 0;
    const two = (((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b ^ a & c ^ b & c)) | 0;
    h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d; state[4] += e; state[5] += f; state[6] += g; state[7] += h;
};

const digest = (text) => {
  const bytes = new TextEncoder().encode(text);
  const padded = new DataView(new ArrayBuffer((bytes.length + 72) >> 6 << 6));
  bytes.forEach((byte, i) => padded.setUint8(i, byte));
  padded.setUint8(bytes.length, 0x80);
  padded.setUint32(padded.byteLength - 4, bytes.length * 8);
  const state = START.slice(), block = new Int32Array(16);
  for (let at = 0; at < padded.byteLength; at += 64) {
    for (let i = 0; i < 16; i++) block[i] = padded.getInt32(at + 4 * i);
    compress(state, block);
  }
  return state;
};

onmessage = ({ data: { challenge, parts, bits } }) => {
  // 40 bytes a try: the challenge's digest, the part, the number; then SHA-256's own padding.
  const block = new Int32Array(16), state = new Int32Array(8), numbers = [];
  block.set(digest(challenge));
  block[10] = 0x80000000;
  block[15] = 320;
  for (let part = 0; part < parts; part++) {
    block[8] = part;
    for (block[9] = 0; ; block[9]++) {
      state.set(START);
      compress(state, block);
      if (Math.clz32(state[0]) >= bits) break;
    }
    numbers.push(block[9]);
  }
  postMessage(`${challenge}~${numbers.join(".")}`);
};
