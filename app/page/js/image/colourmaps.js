/** Colour maps: perceptually uniform ones for light, a diverging one for residuals. */

import { STRETCHES } from "./cuts.js";

// Every eighth colour of matplotlib's maps (CC0), six hexadecimal digits each; between them the colours are straight.
const ANCHORS = {
  "grey":
    "000000080808101010181818202020282828303030383838404040484848505050585858606060686868707070787878808080888888" +
    "909090989898a0a0a0a8a8a8b0b0b0b8b8b8c0c0c0c8c8c8d0d0d0d8d8d8e0e0e0e8e8e8f0f0f0f8f8f8ffffff",
  "viridis":
    "440154470d6048186a482374472d7b4537814240863e49893b528b375b8d33638d2f6b8e2c728e297a8e26828e23898e21918c1f988b" +
    "1fa08822a78528ae8032b67a3fbc734ec36b5ec96270cf5784d44b98d83eaddc30c2df23d8e219ece51bfde725",
  "magma":
    "0000040303120a0822130d341d114729115a36106b440f7651127c5d177f6a1c81762181832681902a819c2e7faa337db73779c43c75" +
    "d0416fdc4869e75263ef5d5ef56b5cf9795dfc8961fd9869fea772feb67cfec488fed395fde2a3fcf0b2fcfdbf",
  "inferno":
    "0000040403120b0724150b37210c4a2f0a5b3d09654a0c6b57106e64156e71196e7d1e6d8a226a972766a32c61b0315bbc3754c73e4c" +
    "d24644db503be45a31eb6628f1731df68013f98e09fb9d07fcac11fbbc21f9cb35f5db4cf2ea69f3f68afcffa4",
  "cividis":
    "00224e00285b002e6a0533711a386f273e6e32436d3b496c434e6c4b546c535a6d5a5f6e61656f686a716f70737676767d7c78848279" +
    "8c8878938e789b9476a39a74aba072b4a76fbcae6cc4b468cdbb63d5c25edec958e7d150f0d846f9e03afee838",
  "blue to red":
    "0530610e41791752901f63a82a71b23480b93f8ec0529dc86bacd184bcd99bc9e0aed3e6c2ddecd4e6f1e0ecf3ecf2f5f7f6f6f9eee7" +
    "fbe5d8fddcc9fbccb4f8bb9ef5aa89ee9677e48066db6b55d05548c53e3dba2832ab162a930e267c072267001f",
};

/** Equal steps between the cuts, each with its colour. */
export const TABLE_LENGTH = 256 * 64;

export const MAPS = Object.keys(ANCHORS);

/** The map's 256 colours as bytes, red, green, blue, alpha. */
export function coloursOf(name) {
  const anchors = ANCHORS[name].match(/.{6}/g).map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  const bytes = new Uint8Array(4 * 256);
  for (let step = 0; step < 256; step += 1) {
    const place = (step / 255) * (anchors.length - 1);
    const left = Math.min(Math.floor(place), anchors.length - 2);
    const share = place - left;
    for (let channel = 0; channel < 3; channel += 1) {
      bytes[4 * step + channel] = Math.round(anchors[left][channel] * (1 - share) + anchors[left + 1][channel] * share);
    }
    bytes[4 * step + 3] = 255;
  }
  return bytes;
}

let latest = { key: null, table: null };

/** The colour of each of equal steps between the cuts, stretched: little-endian words of red, green, blue, alpha. */
export function tableOf({ map, stretch, softening }) {
  const key = `${map} ${stretch} ${softening}`;
  if (latest.key !== key) {
    const colours = new Uint32Array(coloursOf(map).buffer);
    const table = Uint32Array.from({ length: TABLE_LENGTH }, (_, step) => colours[Math.round(255 * STRETCHES[stretch]((step + 0.5) / TABLE_LENGTH, softening))]);
    latest = { key, table };
  }
  return latest.table;
}
