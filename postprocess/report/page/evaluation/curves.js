// Precision by recall.

const curveStyles = [
  ['var(--blue)', ''], ['var(--orange)', '8 3'], ['var(--green)', '2 3'], ['var(--pink)', '10 3 2 3'],
  ['var(--sky)', '5 2'],
];

function showCurves() {
  const {tiou, per_class: perClass} = report.curves;
  const labels = Object.keys(perClass).sort((a, b) => a.localeCompare(b));
  const select = byId('curve-class');
  select.append(element('option', {value: '-1'}, 'all, mean'),
    ...labels.map((label, i) => element('option', {value: String(i)}, label)));

  const meanCurve = (t) => labels.map((label) => perClass[label][t])
    .reduce((sum, curve) => sum.map((value, i) => value + curve[i]))
    .map((sum) => sum / labels.length);
  const curves = () => tiou.map((_, t) =>
    select.value === '-1' ? meanCurve(t) : perClass[labels[Number(select.value)]][t]);

  const draw = (width) => {
    const area = plane(width, 340, {bottom: 44});
    const x = (i) => area.left + area.inner.width * i / 100;
    const recalls = quarters.map((mark) =>
      words(x(100 * mark), area.bottom + 18, inPercent(mark), {class: 'quiet', 'text-anchor': 'middle'}));
    return [...area.grid(quarters, inPercent), ...recalls,
      words(area.right, area.bottom + 38, 'recall, %', {class: 'quiet', 'text-anchor': 'end'}),
      ...curves().map((curve, t) => svgElement('polyline', {
        points: curve.map((precision, i) => `${x(i)},${area.y(precision)}`).join(' '),
        fill: 'none', stroke: curveStyles[t][0], 'stroke-width': 2, 'stroke-dasharray': curveStyles[t][1],
      }))];
  };
  const redraw = chart(byId('curve-chart'), 340, 'Precision in percent by recall, a line a tIoU', draw);
  const showTable = () => byId('curve-table').replaceChildren(
    table(['Recall, %', ...tiou.map((value) => `tIoU ${value}`)],
      Array.from({length: 11}, (_, i) =>
        [String(10 * i), ...curves().map((curve) => percent(curve[10 * i]))])));
  byId('curve-legend').append(...tiou.map((value, t) => element('li', {},
    lineSample(...curveStyles[t]), `tIoU ${value}`)));
  select.addEventListener('change', () => { redraw(); showTable(); });
  showTable();
}
