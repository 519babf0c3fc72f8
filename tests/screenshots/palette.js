// reduce(base64 of a PNG) -> base64 of a PNG with a palette: the 256 most frequent colours, every other by the
// nearest of them. Antialiased text lies between colours that are frequent, so no dithering is needed.
window.reduce = async (picture) => {
  const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${picture}`)).blob());
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
  const palette = frequent(pixels);
  const rows = indexed(pixels, width, height, palette);
  const chunks = [
    new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", header(width, height)),
    chunk("PLTE", new Uint8Array(palette.flatMap(channels))),
    chunk("IDAT", await deflated(rows)),
    chunk("IEND", new Uint8Array()),
  ];
  return base64(new Uint8Array(await new Blob(chunks).arrayBuffer()));
};

function frequent(pixels) {
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, 256).map(([pixel]) => pixel);
}

function channels(pixel) {
  return [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
}

function indexed(pixels, width, height, palette) {
  const places = new Map(palette.map((pixel, place) => [pixel, place]));
  const known = palette.map(channels);
  const rows = new Uint8Array((width + 1) * height); // each row begins with 0: no filter
  for (let place = 0; place < pixels.length; place += 1) {
    const pixel = pixels[place];
    if (!places.has(pixel)) places.set(pixel, nearest(channels(pixel), known));
    rows[place + Math.floor(place / width) + 1] = places.get(pixel);
  }
  return rows;
}

function nearest([red, green, blue], known) {
  let best = 0;
  let least = Infinity;
  known.forEach(([r, g, b], place) => {
    const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
    if (distance < least) [best, least] = [place, distance];
  });
  return best;
}

function header(width, height) {
  const view = new DataView(new ArrayBuffer(13));
  view.setUint32(0, width);
  view.setUint32(4, height);
  [8, 3, 0, 0, 0].forEach((value, place) => view.setUint8(8 + place, value)); // 8 bits, with a palette
  return new Uint8Array(view.buffer);
}

async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(name, bytes) {
  const body = new Uint8Array(bytes.length + 4);
  body.set([...name].map((letter) => letter.charCodeAt(0)));
  body.set(bytes, 4);
  const view = new DataView(new ArrayBuffer(bytes.length + 12));
  view.setUint32(0, bytes.length);
  new Uint8Array(view.buffer).set(body, 4);
  view.setUint32(bytes.length + 8, checksum(body));
  return new Uint8Array(view.buffer);
}

function checksum(bytes) {
  let sum = -1;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (0xedb88320 & -(sum & 1));
  }
  return ~sum >>> 0;
}

function base64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
