/** Text or a picture as a file that the browser saves. */

export const saveText = (text, filename, type = "text/plain") => saveBlob(new Blob([text], { type }), filename);

export function saveBlob(blob, filename) {
  const address = URL.createObjectURL(blob);
  const link = Object.assign(document.createElement("a"), { href: address, download: filename });
  link.click();
  URL.revokeObjectURL(address);
}
