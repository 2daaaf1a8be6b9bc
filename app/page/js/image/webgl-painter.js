/** Paints a plane with WebGL 2: the pixels stay floats on the graphics card, and a table of colours makes the look. */

import { tableOf, TABLE_LENGTH as ENTRIES } from "./colourmaps.js";

const VERTEX = `#version 300 es
void main() {
  vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

// Without branches and functions of numbers, so that weak cards pan smoothly too.
const FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler2D;
uniform sampler2D plane, colours;
uniform vec2 centre, viewport, origin, cuts;
uniform float zoom, bin;
uniform vec4 axes;
out vec4 colour;

const vec3 OUTSIDE = vec3(0.055, 0.065, 0.08), MASKED = vec3(0.42, 0.42, 0.45);
const uint NOT_FINITE = 0x7f800000u;

vec3 seen(vec2 image) {
  ivec2 texel = ivec2(floor((image - origin + 0.5) / bin)), size = textureSize(plane, 0);
  float value = texelFetch(plane, clamp(texel, ivec2(0), size - 1), 0).r;
  int entry = int(clamp((value - cuts.x) * cuts.y, 0.0, ENTRIES - 1.0));
  vec3 light = texelFetch(colours, ivec2(entry & 255, entry >> 8), 0).rgb;
  bool within = all(greaterThanEqual(texel, ivec2(0))) && all(lessThan(texel, size));
  bool finite = (floatBitsToUint(value) & NOT_FINITE) != NOT_FINITE;
  return within ? (finite ? light : MASKED) : OUTSIDE;
}

void main() {
  vec2 screen = (gl_FragCoord.xy - 0.5 * viewport) / zoom;
  vec2 image = centre + axes.xy * screen.x + axes.zw * screen.y;
  colour = vec4(SHOWN, 1.0);
}`;

const OPTIONS = { antialias: false, alpha: false, depth: false, preserveDrawingBuffer: true };
const UNIFORMS = ["plane", "colours", "centre", "viewport", "origin", "cuts", "zoom", "bin", "axes"];
const ONE = "seen(image)";
const FOUR = "0.25 * (" + ["-1.0, -1.0", "1.0, -1.0", "-1.0, 1.0", "1.0, 1.0"]
  .map((corner) => `seen(image + vec2(${corner}) * 0.25 / zoom)`).join(" + ") + ")";

export class WebglPainter {
  /** Throws where the browser has no WebGL 2. */
  constructor(canvas) {
    const gl = canvas.getContext("webgl2", OPTIONS);
    if (!gl) throw new Error("no WebGL 2");
    this.canvas = canvas;
    this.gl = gl;
    this.quick = linked(gl, ONE);
    this.smooth = linked(gl, FOUR);
    this.plane = texture(gl);
    this.colours = texture(gl);
    this.key = null;
  }

  setPlane({ width, height, values }) {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, this.plane);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, width, height, 0, gl.RED, gl.FLOAT, values);
  }

  /** Draw what the camera sees; `ratio` is device pixels per CSS pixel. `smooth` averages where pixels are small. */
  draw(plane, look, camera, ratio, smooth) {
    const { gl, canvas } = this;
    const key = `${look.map} ${look.stretch} ${look.softening}`;
    if (this.key !== key) this.setColours(look, key);
    const zoom = camera.zoom * ratio;
    const { program, at } = smooth && zoom * plane.bin < 0.75 ? this.smooth : this.quick;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.useProgram(program);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.plane);
    gl.uniform1i(at.plane, 0);
    gl.uniform1i(at.colours, 1);
    gl.uniform2f(at.centre, camera.x, camera.y);
    gl.uniform2f(at.viewport, canvas.width, canvas.height);
    gl.uniform2f(at.origin, plane.origin[0], plane.origin[1]);
    gl.uniform2f(at.cuts, look.low, ENTRIES / (look.high - look.low));
    gl.uniform1f(at.zoom, zoom);
    gl.uniform1f(at.bin, plane.bin);
    gl.uniform4f(at.axes, ...camera.axes);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  setColours(look, key) {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, ENTRIES / 256, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(tableOf(look).buffer));
    this.key = key;
  }

  close() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

/** Whether WebGL 2 is there and runs on a graphics card; one that is computed by the processor loses to a plain canvas. */
export function hasGraphicsCard() {
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl) return false;
  const told = gl.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(gl.getParameter(told ? told.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return !/swiftshader|llvmpipe|softpipe|software|basic render/i.test(renderer);
}

/** The program that shows an expression of `image`, and where its uniforms are. */
function linked(gl, shown) {
  const program = gl.createProgram();
  const fragment = FRAGMENT.replace("ENTRIES", ENTRIES.toFixed(1)).replace("SHOWN", shown);
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error("the shader does not link");
  const at = Object.fromEntries(UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)]));
  return { program, at };
}

function texture(gl) {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
  for (const wrap of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, wrap, gl.CLAMP_TO_EDGE);
  return made;
}
