// What tables and charts are drawn with.

const percent = (fraction) => fraction === null ? '–' : (100 * fraction).toFixed(1);

const words = (x, y, content, attributes = {}) => svgElement('text', {x, y, ...attributes}, content);
const line = (x1, y1, x2, y2, attributes) => svgElement('line', {x1, y1, x2, y2, ...attributes});

// `rows` are lists of cells, the first of which is a heading.
function table(headings, rows) {
  const row = ([name, ...cells]) => element('tr', {}, element('th', {scope: 'row'}, name),
    ...cells.map((cell) => element('td', {}, cell)));
  return element('table', {},
    element('thead', {}, element('tr', {}, ...headings.map((name) => element('th', {scope: 'col'}, name)))),
    element('tbody', {}, ...rows.map(row)));
}

// Draws at the width that there is, and again when that changes. `draw` returns the nodes.
function chart(container, height, label, draw) {
  let drawn = 0;
  const redraw = () => {
    const width = Math.floor(container.clientWidth);
    if (width === drawn || width === 0) return;
    drawn = width;
    container.replaceChildren(
      svgElement('svg', {width, height, role: 'img', 'aria-label': label}, ...draw(width)));
  };
  new ResizeObserver(redraw).observe(container);
  redraw();
  return () => { drawn = 0; redraw(); };
}

// The plane of a chart: places of values, and a grid at each of `marks` of the upright axis.
function plane(width, height, {left = 40, right = 12, top = 12, bottom = 28, lowest = 0, highest = 1} = {}) {
  const inner = {width: width - left - right, height: height - top - bottom};
  return {
    left, inner, bottom: height - bottom, right: width - right,
    y: (value) => top + inner.height * (highest - value) / (highest - lowest),
    grid(marks, text) {
      return marks.flatMap((mark) => [
        line(left, this.y(mark), width - right, this.y(mark), {class: 'grid'}),
        words(left - 8, this.y(mark) + 4, text(mark), {class: 'quiet', 'text-anchor': 'end'}),
      ]);
    },
  };
}
const quarters = [0, 0.25, 0.5, 0.75, 1];
const inPercent = (mark) => String(Math.round(100 * mark));

// A scale that ends a little above the highest value.
function scaleFor(values) {
  const most = Math.max(0.01, ...values.filter((value) => value !== null));
  const step = [0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25].find((s) => most / s <= 5) ?? 0.25;
  const steps = Math.max(1, Math.ceil(most / step - 1e-9));
  return {highest: steps * step, marks: Array.from({length: steps + 1}, (_, i) => i * step)};
}

// As many decimals as the steps need.
function inPercentOf(marks) {
  const decimals = marks.length > 1 && marks[1] < 0.01 ? 2 : 0;
  return (mark) => (100 * mark).toFixed(decimals);
}

// What is wider than the page is scrolled by the arrow keys, too.
function letScroll() {
  for (const box of document.querySelectorAll('.scroll')) {
    const {textContent} = box.closest('section').querySelector('h2');
    filled(box, {tabindex: '0', role: 'region', 'aria-label': textContent}, []);
  }
}
