/** Paints a plane with WebGL 2: the pixels stay floats on the graphics card, so stretch, cuts and colours cost nothing. */

import { coloursOf } from "./colourmaps.js";

const VERTEX = `#version 300 es
void main() {
  vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler2D;
uniform sampler2D plane, colours;
uniform vec2 centre, viewport, origin;
uniform vec3 cuts;
uniform float zoom, bin;
uniform int stretch;
out vec4 colour;

const vec3 OUTSIDE = vec3(0.055, 0.065, 0.08), MASKED = vec3(0.42, 0.42, 0.45);

float stretched(float value) {
  float share = clamp((value - cuts.x) / (cuts.y - cuts.x), 0.0, 1.0);
  if (stretch == 0) return asinh(share / cuts.z) / asinh(1.0 / cuts.z);
  if (stretch == 2) return sqrt(share);
  if (stretch == 3) return log(1.0 + 1000.0 * share) / log(1001.0);
  return share;
}

vec3 seen(vec2 image) {
  ivec2 texel = ivec2(floor((image - origin + 0.5) / bin));
  ivec2 size = textureSize(plane, 0);
  if (texel.x < 0 || texel.y < 0 || texel.x >= size.x || texel.y >= size.y) return OUTSIDE;
  float value = texelFetch(plane, texel, 0).r;
  if (isnan(value) || isinf(value)) return MASKED;
  return texture(colours, vec2((stretched(value) * 255.0 + 0.5) / 256.0, 0.5)).rgb;
}

void main() {
  vec2 image = centre + (gl_FragCoord.xy - 0.5 * viewport) / zoom;
  if (zoom * bin >= 0.75) { colour = vec4(seen(image), 1.0); return; }
  float step = 0.25 / zoom;
  colour = vec4(0.25 * (seen(image + vec2(-step, -step)) + seen(image + vec2(step, -step))
    + seen(image + vec2(-step, step)) + seen(image + vec2(step, step))), 1.0);
}`;

const ORDER = ["asinh", "linear", "sqrt", "log"];

export class WebglPainter {
  /** Throws where the browser has no WebGL 2. */
  constructor(canvas) {
    const gl = canvas.getContext("webgl2", { antialias: false, alpha: false, depth: false, preserveDrawingBuffer: true });
    if (!gl) throw new Error("no WebGL 2");
    this.canvas = canvas;
    this.gl = gl;
    this.program = linked(gl);
    this.plane = texture(gl);
    this.colours = texture(gl);
    this.map = null;
    const names = ["plane", "colours", "centre", "viewport", "origin", "cuts", "zoom", "bin", "stretch"];
    this.at = Object.fromEntries(names.map((name) => [name, gl.getUniformLocation(this.program, name)]));
  }

  setPlane({ width, height, values }) {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, this.plane);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, width, height, 0, gl.RED, gl.FLOAT, values);
  }

  /** Draw what the camera sees; `ratio` is device pixels per CSS pixel. */
  draw(plane, look, camera, ratio) {
    const { gl, at, canvas } = this;
    if (this.map !== look.map) this.setColours(look.map);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.useProgram(this.program);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.plane);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    gl.activeTexture(gl.TEXTURE0);
    gl.uniform1i(at.plane, 0);
    gl.uniform1i(at.colours, 1);
    gl.uniform2f(at.centre, camera.x, camera.y);
    gl.uniform2f(at.viewport, canvas.width, canvas.height);
    gl.uniform2f(at.origin, plane.origin[0], plane.origin[1]);
    gl.uniform3f(at.cuts, look.low, look.high, look.softening);
    gl.uniform1f(at.zoom, camera.zoom * ratio);
    gl.uniform1f(at.bin, plane.bin);
    gl.uniform1i(at.stretch, ORDER.indexOf(look.stretch));
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  setColours(map) {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, coloursOf(map));
    this.map = map;
  }

  close() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

function linked(gl) {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error("the shader does not link");
  return program;
}

function texture(gl) {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
  for (const wrap of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, wrap, gl.CLAMP_TO_EDGE);
  return made;
}
