"""What paints images: WebGL and the plain canvas show the same, and a large image pans smoothly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.e2e.page.conftest import chromium
from tests.e2e.page.static import serve_page

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

# Without these, Chromium may refuse WebGL where there is no graphics card.
_SOFTWARE_WEBGL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")

_PAINT = """async ([stretch, turned]) => {
  const { WebglPainter } = await import("/page/js/image/webgl-painter.js");
  const { CanvasPainter } = await import("/page/js/image/picture.js");
  const [width, height] = [31, 23];
  const value = (at) => (at === 40 ? NaN : 100 * Math.abs(Math.sin(at)));
  const values = Float32Array.from({ length: width * height }, (_, at) => value(at));
  const plane = { width, height, values, bin: 2, origin: [5, 7] };
  const look = { map: "viridis", stretch, low: 0, high: 80, softening: 0.05 };
  const { Camera } = await import("/page/js/image/camera.js");
  const camera = new Camera();
  camera.move(36, 29, 4.3);
  if (turned) camera.turn([0.6, 0.8], [0.8, -0.6]);
  const [card, plain] = [WebglPainter, CanvasPainter].map((Painter) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 200, height: 150 });
    const painter = new Painter(canvas);
    painter.setPlane(plane);
    painter.draw(plane, look, camera, 1, false);
    const copy = Object.assign(document.createElement("canvas"), { width: 200, height: 150 });
    const context = copy.getContext("2d");
    context.drawImage(canvas, 0, 0);
    return context.getImageData(0, 0, 200, 150).data;
  });
  return card.filter((byte, at) => Math.abs(byte - plain[at]) > 4).length / card.length;
}"""

_PAN = """async () => {
  const { painterOf } = await import("/page/js/image/painters.js");
  const side = 4096;
  const values = new Float32Array(side * side).map((_, at) => at % 977);
  const plane = { width: side, height: side, bin: 1, origin: [0, 0], values };
  const look = { map: "viridis", stretch: "asinh", low: 0, high: 977, softening: 0.05 };
  const canvas = Object.assign(document.createElement("canvas"), { width: 1000, height: 700 });
  document.body.append(canvas);
  const painter = painterOf(canvas);
  painter.setPlane(plane);
  const { Camera } = await import("/page/js/image/camera.js");
  const camera = new Camera();
  camera.move(2048, 2048, 0.2);
  painter.draw(plane, look, camera, 1, false);
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  const start = performance.now();
  for (let step = 0; step < 60; step += 1) {
    camera.move(2048 + 7 * step, 2048 - 5 * step, 0.2 + step / 50);
    painter.draw(plane, look, camera, 1, false);
    await frame();
  }
  return 60000 / (performance.now() - start);
}"""


@pytest.fixture(scope="module")
def drawing(playwright: Playwright) -> Iterator[Page]:
    """A tab of a browser that has WebGL by all means."""
    browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", *_SOFTWARE_WEBGL])
    page = browser.new_page()
    serve_page(page)
    yield page
    browser.close()


@pytest.mark.parametrize("stretch", ["asinh", "linear", "sqrt", "log"])
@pytest.mark.parametrize("turned", [False, True])
def test_the_graphics_card_and_the_canvas_show_the_same(drawing: Page, stretch: str, turned: bool) -> None:
    if not drawing.evaluate("!!document.createElement('canvas').getContext('webgl2')"):
        pytest.skip("this browser has no WebGL 2")
    # Edges between pixels may fall on either side.
    assert drawing.evaluate(_PAINT, [stretch, turned]) < 0.02


# A rate of frames is only told on a machine that has nothing else to do.
@pytest.mark.slow
def test_a_large_image_pans_at_thirty_frames_a_second(browser: Browser) -> None:
    page = browser.new_page()
    serve_page(page)
    frames = page.evaluate(_PAN)
    page.close()
    print(f"{frames:.0f} frames a second")
    assert frames >= 30
