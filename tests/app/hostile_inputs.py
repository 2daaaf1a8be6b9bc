"""Hostile inputs: what somebody may send to do harm, by kind, and which answers are right.

Each is sent as anybody could send it. `right` has the statuses that may come; a status of 2xx is right where the input
is harmless once it is read with care. `pending` says in a sentence what is not yet as it should be: such an input is
told in the table, and not sent.
"""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.app.images import fits_bytes, noise, npy_bytes

REFUSED = (400, 413, 422)
SECRET = 424242.0
"""In the pixels of a file of the host that no answer may show."""
Content = Callable[["Ground"], bytes]


@dataclass(frozen=True)
class Ground:
    """What inputs are made of that exist on this host only: a file of the host, an upload, an address that listens."""

    secret: Path
    upload: str
    listener: str


@dataclass(frozen=True)
class Hostile:
    """One input: how it is sent, and what may come back."""

    kind: str
    name: str
    content: Content
    right: tuple[int, ...] = REFUSED
    method: str = "POST"
    address: str = "/v1/uploads"
    headers: dict[str, str] = field(default_factory=dict)
    pending: str = ""


def card(key: str, value: str) -> bytes:
    """A card of a FITS header, whatever it claims."""
    return f"{key:<8}= {value:>20}".ljust(80).encode()


def header(**cards: str) -> bytes:
    """A FITS header with these cards."""
    return b"".join([*(card(key, value) for key, value in cards.items()), b"END".ljust(80)]).ljust(2880)


def png(width: int, height: int) -> bytes:
    """A PNG picture of zeros, which pack a thousandfold."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compressobj(9)
    packed = b"".join(rows.compress(bytes(width + 1)) for _ in range(height)) + rows.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def archive(**members: bytes) -> bytes:
    """A zip archive of these members, such as .npz files are."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return target.getvalue()


def asdf(tree: str) -> bytes:
    """An ASDF file of a tree in YAML, with no blocks."""
    return (
        f"#ASDF 1.0.0\n#ASDF_STANDARD 1.5.0\n%YAML 1.1\n%TAG ! tag:stsci.edu:asdf/\n--- !core/asdf-1.1.0\n{tree}\n...\n"
    ).encode()


def elsewhere(source: str) -> bytes:
    """An ASDF file whose pixels lie elsewhere."""
    return asdf(f"data: !core/ndarray-1.0.0\n  {source}\n  datatype: float64\n  byteorder: little\n  shape: [2, 2]")


def alias_bomb(levels: int = 9) -> bytes:
    """Lists of ten names of the list before: 10^levels nodes in some hundreds of bytes."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return asdf("\n".join(lines))


def files() -> Iterator[Hostile]:
    """Files that harm whoever reads them."""
    sound = fits_bytes([("DATA", noise())])

    def upload(
        kind: str, name: str, content: bytes | Content, right: tuple[int, ...] = REFUSED, **more: Any
    ) -> Hostile:
        made: Content = content if callable(content) else lambda _: content
        return Hostile(kind, name, made, right, **more)

    image = {"SIMPLE": "T", "BITPIX": "-64"}
    yield upload("FITS", "cut in its data", sound[:6000])
    yield upload(
        "FITS", "claims 200,000 × 200,000 pixels", header(**image, NAXIS="2", NAXIS1="200000", NAXIS2="200000")
    )
    yield upload("FITS", "claims pixels of a negative number", header(**image, NAXIS="2", NAXIS1="-5", NAXIS2="4"))
    yield upload("FITS", "claims 999 axes", header(**image, NAXIS="999"))
    yield upload("FITS", "an axis of 20 digits", header(**image, NAXIS="1", NAXIS1="9" * 60))
    yield upload(
        "FITS", "a header that never ends", b"SIMPLE  =                    T".ljust(80) + b"COMMENT".ljust(80) * 40000
    )
    yield upload(
        "FITS",
        "1,000 HDUs",
        sound + header(XTENSION="'IMAGE   '", BITPIX="8", NAXIS="0", PCOUNT="0", GCOUNT="1") * 1000,
    )
    yield upload(
        "FITS",
        "an EXTNAME of HTML",
        fits_bytes([("<IMG SRC=X ONERROR=ALERT(1)>", noise())]),
        (201, *REFUSED),
    )
    yield upload("compressed", "300 MiB of zeros in 300 kB of gzip", gzip.compress(bytes(300 << 20), 6))
    yield upload("compressed", "gzip, cut", gzip.compress(sound)[:3000])
    yield upload("compressed", "5,000 members of gzip", gzip.compress(b"") * 5000)
    yield upload("npy, npz", "a pickle", npy_bytes(np.array([{"a": 1}]), allow_pickle=True))
    yield upload(
        "npy, npz",
        "claims 10^12 numbers",
        b"\x93NUMPY\x01\x00v\x00"
        + b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000), }".ljust(117)
        + b"\n",
    )
    yield upload(
        "npy, npz",
        "a shape that is code",
        b"\x93NUMPY\x01\x00v\x00"
        + b"{'descr': '<f8', 'fortran_order': False, 'shape': (__import__('os'),), }".ljust(117)
        + b"\n",
    )
    yield upload(
        "npy, npz", "300 MiB of zeros in an archive", archive(**{"data.npy": npy_bytes(np.zeros((6272, 6272)))})
    )
    yield upload(
        "npy, npz", "a member named ../../x.npy", archive(**{"../../x.npy": npy_bytes(noise())}), (201, *REFUSED)
    )
    yield upload("npy, npz", "20,000 members", archive(**{f"{n}.npy": b"" for n in range(20000)}))
    yield upload("PNG, TIFF", "PNG of 30,000 × 30,000 zeros", png(30000, 30000))
    yield upload("PNG, TIFF", "TIFF whose directory leads to itself", b"II*\0\x08\0\0\0\0\0\x08\0\0\0")
    yield upload("ASDF", "pixels from a file of the host", lambda g: elsewhere(f"source: file://{g.secret}"))
    yield upload("ASDF", "the same, its key in quotes", lambda g: elsewhere(f'"source": file://{g.secret}'))
    yield upload("ASDF", "the same, a path alone", lambda g: elsewhere(f"'source' : {g.secret}"))
    yield upload(
        "ASDF",
        "the same, behind an alias",
        lambda g: elsewhere(f"*k : file://{g.secret}").replace(b"data:", b'k: &k "source"\ndata:'),
    )
    yield upload(
        "ASDF", "pixels from an address inside, by http", lambda g: elsewhere(f'"source": http://{g.listener}/x')
    )
    yield upload("ASDF", "the same, by webhdfs", lambda g: elsewhere(f'"source": webhdfs://{g.listener}/x'))
    yield upload("ASDF", "the same, by ftp", lambda g: elsewhere(f'"source": ftp://{g.listener}/x'))
    yield upload("ASDF", "another file by $ref", lambda g: asdf(f"data:\n  $ref: file://{g.secret}#/data"))
    yield upload("ASDF", "a tag of Python's", asdf("data: !!python/object/apply:os.system ['true']"))
    yield upload("ASDF", "lists of aliases, 10^9 nodes", alias_bomb())
    yield upload("ASDF", "100,000 lists in one another", asdf("a: " + "[" * 100_000))
    yield upload("ASDF", "7 MB of flat YAML", asdf("a: [" + "x, " * 2_300_000 + "x]"))
    yield upload("no image", "nothing at all", b"")
    yield upload("no image", "text", b"this is no image\n" * 500)
    yield upload("no image", "a program", b"\x7fELF" + bytes(4000))
    yield upload("no image", "random bytes", np.random.default_rng(3).bytes(5000))


def component(name: str, **parameters: Any) -> dict[str, Any]:
    """A Sérsic component; what is not named has a value."""
    values = {"x": 16.0, "y": 16.0, "q": 0.6, "pa": 40.0, "n": 1.5, "r_e": 5.0, "i_e": 3.0}
    return {"name": name, "profile": "sersic", "parameters": values | parameters}


def linked(name: str, other: str) -> dict[str, Any]:
    """A component whose parameters are all those of another."""
    return component(name, **{key: f"= {other}.{key}" for key in ("x", "y", "q", "pa", "n", "r_e", "i_e")})


def requests() -> Iterator[Hostile]:
    """Requests that harm whoever checks them, or the worker that runs them."""

    def fit(
        name: str, right: tuple[int, ...] = REFUSED, kind: str = "request", pending: str = "", **changes: Any
    ) -> Hostile:
        def content(ground: Ground) -> bytes:
            document = {
                "images": [{"name": "i", "data": ground.upload, "variance": {"constant": 1}}],
                "components": [component("a")],
                "stages": [{"method": "lm"}],
            }
            return json.dumps(document | changes).replace("UPLOAD", ground.upload).encode()

        return Hostile(
            kind,
            name,
            content,
            right,
            address="/v1/fits",
            headers={"Content-Type": "application/json"},
            pending=pending,
        )

    def raw(name: str, content: bytes, kind: str = "JSON") -> Hostile:
        return Hostile(kind, name, lambda _: content, address="/v1/fits", headers={"Content-Type": "application/json"})

    yield raw("a million lists in one another", b"[" * 1_000_000)
    yield raw("1e999", b'{"images": [], "components": [], "seed": 1e999}')
    yield raw("NaN", b'{"images": [], "components": [], "seed": NaN}')
    yield raw("a number of 4,000 digits", b'{"images": [], "components": [], "seed": ' + b"9" * 4000 + b"}")
    yield raw("half a surrogate pair", b'{"images": [], "components": [], "name": "\\ud800"}')
    yield raw("bytes that are no UTF-8", b'{"name": "\xff\xfe"}')
    yield raw("a NUL in a name", b'{"images": [], "components": [], "name": "a\\u0000b"}')
    for text in (
        "= 9**9**9**9", "= " + "(" * 400 + "a.x" + ")" * 400, "= __import__('os').system('true')", "= (lambda: 1)()",
        "= f'{a.x}'", "= a.__class__", "= a.x if 1 else 2", "= [a.x for b in a]", "= exp(exp(exp(1000)))",
    ):  # fmt: skip
        shown = text if len(text) < 60 else "400 parentheses"
        yield fit(f"`{shown}`", kind="expression", components=[component("b"), component("a", n=text)])
    yield fit("250 components linked to themselves", components=[linked(f"c{n}", f"c{n}") for n in range(250)])
    yield fit("2,000 components linked to themselves", components=[linked(f"c{n}", f"c{n}") for n in range(2000)])
    pairs = [linked(f"c{n}", f"c{n ^ 1}") for n in range(2000)]
    yield fit("1,000 pairs linked to each other", components=pairs)
    yield fit("2,000 components linked to none that exists", components=[linked(f"c{n}", f"d{n}") for n in range(2000)])
    by_image = component("base", x={"by_image": [16.0] * 200})
    images = [{"name": f"i{n}", "data": "UPLOAD", "variance": {"constant": 1}} for n in range(200)]
    many = [by_image, *(linked(f"c{n}", "base") for n in range(249))]
    yield fit("249 components linked to one of 200 images' values", (202, *REFUSED), images=images, components=many)
    unknown = [{**component(f"c{n}"), "geometry": [f"unknown{m}" for m in range(90)]} for n in range(1000)]
    yield fit("90,000 modifiers that do not exist", components=unknown)
    skies = [{"name": f"s{n}", "profile": "flat_sky", "parameters": {"i": 1.0}} for n in range(2000)]
    yield fit("2,000 skies in 200 images, to be drawn", (202, *REFUSED), images=images, components=skies, stages=[])
    for name, stage in {
        "10^12 draws": {"method": "nuts", "samples": 10**12},
        "a million chains": {"method": "nuts", "chains": 10**6},
        "10^12 steps": {"method": "gradient", "steps": 10**12},
        "10^9 restarts": {"method": "lm", "restarts": 10**9},
        "an optimizer that is no name": {"method": "gradient", "optimizer": "__class__"},
    }.items():
        yield fit(name, stages=[stage])
    yield fit("10,000 stages", stages=[{"method": "lm"}] * 10_000)
    for name in ("../x", "a\r\nSet-Cookie: b", 'a"b', "a\u202eb", "%2e%2e", "a" * 65):
        shown = json.dumps(name) if len(name) < 40 else "65 letters"
        yield fit(f"an image named `{shown}`", images=[{"name": name, "data": "UPLOAD", "variance": {"constant": 1}}])
    yield fit(
        "an upload of somebody else, or none",
        images=[{"data": "upl_01aaaaaaaaaaaaaaaaaaaaaaaa", "variance": {"constant": 1}}],
    )
    yield fit("a file of the host as an image", images=[{"data": "/etc/passwd", "variance": {"constant": 1}}])
    yield fit("an address as an image", images=[{"data": "http://169.254.169.254/", "variance": {"constant": 1}}])
    window = {"x": [-(10**18), 10**18], "y": [0, 4]}
    yield fit(
        "a window of 10^18 pixels",
        (202, *REFUSED),
        images=[{"data": "UPLOAD", "variance": {"constant": 1}, "window": window}],
    )


def addresses() -> Iterator[Hostile]:
    """Addresses and headers that lead elsewhere or take long."""

    def get(name: str, address: str, right: tuple[int, ...], **headers: str) -> Hostile:
        return Hostile("address, header", name, lambda _: b"", right, "GET", address, headers)

    yield get("/images/%2e%2e/%2e%2e/etc/passwd", "/images/%2e%2e/%2e%2e/etc/passwd", (404,))
    yield get("/page/..%2f..%2fpyproject.toml", "/page/..%2f..%2fpyproject.toml", (404,))
    yield get("/v1/examples/..%2f..%2fREADME.md", "/v1/examples/..%2f..%2fREADME.md", (404, 422))
    yield get("a fit named `' or 1=1 --`", "/v1/fits/'%20or%201=1%20--", (404, 422))
    yield get("a cursor that is SQL", "/v1/fits?cursor=';drop%20table%20fits--", (200, 400, 422))
    yield get("a label with NUL", "/v1/fits?label=a%00b", (200, 422))
    yield get("a wait of 10^9 s", "/v1/fits/fit_01aaaaaaaaaaaaaaaaaaaaaaaa?wait=1e9", (400, 404, 422))
    yield get("8,000 parts of a range", "/page/js/main.js", (200, 206, 416), Range="bytes=" + ",".join(["0-1"] * 8000))
    yield get("5,000 entity tags", "/v1/profiles", (200, 431, 400), **{"If-None-Match": ", ".join(['"x"'] * 5000)})
    yield get(
        "10,000 codings", "/v1/profiles", (200, 431, 400), **{"Accept-Encoding": ", ".join(["gzip;q=0.1"] * 3000)}
    )
    yield get("a quality that is NaN", "/v1/profiles", (200, 400), **{"Accept-Encoding": "gzip;q=nan"})
    yield get("a name of the host that is not its own", "/v1/fits", (400, 403, 421), Host="evil.test")
    yield get("the page of another site", "/v1/fits", (403,), **{"Sec-Fetch-Site": "cross-site"})
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test", "Content-Type": "text/plain"}
    yield Hostile(
        "address, header",
        "a file sent by the page of another site",
        lambda _: npy_bytes(noise()),
        (403,),
        headers=elsewhere,
    )
    yield get("a key that is SQL", "/v1/fits", (200, 401), Authorization="Bearer ' or 1=1 --")
    yield get("a request id with quotes and tabs", "/healthz", (200, 400), **{"X-Request-Id": 'a"\tb{}'})


def hostile_inputs() -> list[Hostile]:
    """All of them, in the order of the table."""
    return [*files(), *requests(), *addresses()]
