// Lines by iteration.

// Marks at round numbers, and the range that they span, around all values.
function rounded(values, {from = Infinity, to = -Infinity, most = 5} = {}) {
  const low = Math.min(from, ...values), high = Math.max(to, ...values);
  const rough = Math.max((high - low) / most, Math.abs(high) * 1e-6, 1e-6);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((size) => size >= rough * 0.999);
  const first = Math.floor(low / step + 1e-6), last = Math.max(first + 1, Math.ceil(high / step - 1e-6));
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-6));
  return {
    lowest: first * step, highest: last * step,
    marks: Array.from({length: last - first + 1}, (_, i) => (first + i) * step),
    text: (mark) => mark.toFixed(decimals),
  };
}

const isNumber = (value) => value !== null && value !== undefined;

// The points of a line, in pieces where values are missing.
function pieces(xs, values) {
  const found = [[]];
  values.forEach((value, i) => {
    if (isNumber(value)) found.at(-1).push([xs[i], value]);
    else found.push([]);
  });
  return found.filter((piece) => piece.length > 0);
}

// `lines` are {values, colour, dash}, by the iterations `xs`, of `most` that there may be; `marked`
// is the index of a point that is drawn larger.
function drawLines(width, height, {xs, lines, most, range, text, marked}) {
  const all = lines.flatMap(({values}) => values.filter(isNumber));
  if (all.length === 0) return [words(0, 20, 'No numbers yet.', {class: 'quiet'})];
  const scale = rounded(all, range);
  const area = plane(width, height, {left: 52, bottom: 44, lowest: scale.lowest, highest: scale.highest});
  const x = (iteration) => area.left + area.inner.width * iteration / most;
  const along = rounded([0, most], {most: Math.max(2, Math.floor(width / 110))}).marks.filter((mark) => mark <= most);
  return [
    ...area.grid(scale.marks, text ?? scale.text),
    ...along.map((mark) => words(x(mark), area.bottom + 18, mark.toLocaleString('en'), {class: 'quiet', 'text-anchor': 'middle'})),
    words(area.right, area.bottom + 38, 'iteration', {class: 'quiet', 'text-anchor': 'end'}),
    ...lines.flatMap(({values, colour, dash}) => pieces(xs, values).map((piece) => piece.length === 1 ?
      svgElement('circle', {cx: x(piece[0][0]), cy: area.y(piece[0][1]), r: 3, fill: colour}) :
      svgElement('polyline', {
        points: piece.map(([iteration, value]) => `${x(iteration)},${area.y(value)}`).join(' '),
        fill: 'none', stroke: colour, 'stroke-width': 2, 'stroke-dasharray': dash,
      }))),
    ...(marked === undefined ? [] :
      [svgElement('circle', {class: 'best', cx: x(xs[marked]), cy: area.y(lines[0].values[marked]), r: 6,
        fill: 'var(--page)', stroke: lines[0].colour, 'stroke-width': 3})]),
  ];
}

// At most so many of the rows, the last one among them.
function someOf(rows, most = 25) {
  const every = Math.ceil(rows.length / most);
  return rows.filter((_, i) => (rows.length - 1 - i) % every === 0);
}

const number = (value) => isNumber(value) ? value.toFixed(4) : '–';
