// Mean average precision, with its range.

function showMap() {
  const paper = evaluation.paper;
  const bounds = ([low, high]) => `${percent(low)} – ${percent(high)}`;
  const beside = (key, name) => paper ? [percent(paper[key][name] ?? null)] : [];
  const rows = evaluation.tiou.map((tiou, t) => [String(tiou), percent(evaluation.mAP[t]),
    bounds(report.bounds.mAP[t]), ...beside('mAP', String(tiou))]);
  for (const [range, average] of Object.entries(evaluation.averages)) {
    rows.push([range, percent(average), '', ...beside('averages', range)]);
  }
  rows.push(['mean', percent(evaluation.average), bounds(report.bounds.average), ...(paper ? [''] : [])]);
  byId('map-table').append(
    table(['tIoU', 'mAP', '95% range', ...(paper ? ['CO2-Net paper'] : [])], rows));
  chart(byId('map-chart'), 300, 'mAP at each tIoU with its range', drawMap);
}

function drawMap(width) {
  const {highest, marks} = scaleFor(report.bounds.mAP.map(([, high]) => high));
  const area = plane(width, 300, {highest, bottom: 44});
  const {tiou} = evaluation;
  const x = (t) => area.left + area.inner.width * (t + 0.5) / tiou.length;
  const every = Math.ceil(tiou.length * 36 / area.inner.width);
  const points = tiou.flatMap((threshold, t) => {
    const [low, high] = report.bounds.mAP[t];
    return [
      line(x(t), area.y(low), x(t), area.y(high), {stroke: 'var(--accent)', 'stroke-width': 2, opacity: 0.6}),
      svgElement('circle', {cx: x(t), cy: area.y(evaluation.mAP[t]), r: 4, fill: 'var(--accent)'},
        svgElement('title', {}, `tIoU ${threshold}: ${percent(evaluation.mAP[t])}`)),
      ...(t % every === 0 ?
        [words(x(t), area.bottom + 18, String(threshold), {class: 'quiet', 'text-anchor': 'middle'})] : []),
    ];
  });
  return [...area.grid(marks, inPercentOf(marks)), ...points,
    words(area.right, area.bottom + 38, 'tIoU', {class: 'quiet', 'text-anchor': 'end'})];
}
