// What false positives are, and what is missed.

const kindNames = {
  true_positive: 'True positive',
  double_detection: 'Double detection',
  wrong_label: 'Wrong label',
  localization: 'Localization',
  confusion: 'Confusion',
  background: 'Background',
};
const kindColours = {
  true_positive: 'var(--green)',
  double_detection: 'var(--yellow)',
  wrong_label: 'var(--pink)',
  localization: 'var(--sky)',
  confusion: 'var(--orange)',
  background: 'var(--red)',
};
const characteristics = {
  length: ['Length', 'Length of the segment'],
  coverage: ['Coverage', 'Part of the video'],
  instances: ['Segments', 'Segments in the video'],
};

function drawKinds(width) {
  const area = plane(width, 320);
  const {shares, band_size: sizes} = errors.false_positives;
  const step = area.inner.width / shares.length;
  const bars = shares.flatMap((share, band) => {
    const left = area.left + step * (band + 0.14);
    const name = words(left + step * 0.36, area.bottom + 18, `${band + 1}G`, {class: 'quiet', 'text-anchor': 'middle'});
    if (share === null) return [name];
    let below = 0;
    const parts = errors.kinds.map((kind, k) => {
      const top = area.y(below + share[k]);
      const height = area.y(below) - top;
      below += share[k];
      return svgElement('rect', {x: left, y: top, width: step * 0.72, height: Math.max(0, height - 1), fill: kindColours[kind]},
        svgElement('title', {}, `${kindNames[kind]}: ${percent(share[k])}% of ${sizes[band]}`));
    });
    return [name, ...parts];
  });
  return [...area.grid(quarters, inPercent), ...bars];
}

function showKinds() {
  const found = errors.false_positives;
  chart(byId('kind-chart'), 320, 'Kinds of predictions in percent, a bar a band', drawKinds);
  byId('kind-legend').append(...errors.kinds.map((kind) => element('li', {},
    svgElement('svg', {width: 12, height: 12, 'aria-hidden': 'true'},
      svgElement('rect', {width: 12, height: 12, fill: kindColours[kind]})), kindNames[kind])));
  const row = (name, size, share) =>
    [name, String(size), ...errors.kinds.map((_, k) => share === null ? '–' : percent(share[k]))];
  byId('kind-table').append(table(
    ['Band', 'Predictions', ...errors.kinds.map((kind) => kindNames[kind])],
    [...found.shares.map((share, band) => row(`${band + 1}G`, found.band_size[band], share)),
      row('all', found.predictions, found.shares_of_all)]));
  chart(byId('gain-chart'), 36 * (errors.kinds.length - 1), 'Gain in points of average normalized mAP', drawGain);
}

function drawGain(width) {
  const {gain} = errors.false_positives;
  const most = Math.max(0.001, ...Object.values(gain));
  const left = 124, room = width - left - 56;
  return errors.kinds.filter((kind) => kind in gain).flatMap((kind, i) => {
    const length = room * Math.max(0, gain[kind]) / most;
    const y = 36 * i;
    return [
      words(left - 12, y + 22, kindNames[kind], {'text-anchor': 'end'}),
      svgElement('rect', {x: left, y: y + 6, width: Math.max(1, length), height: 24, fill: kindColours[kind]}),
      words(left + length + 8, y + 22, (gain[kind] < 0 ? '' : '+') + percent(gain[kind]),
        {'data-gain': kind}),
    ];
  });
}

// "3–6 s", "> 18 s", "2–40"
function rangeOf(characteristic, bin) {
  const {edges} = errors.bins[characteristic];
  const [low, high] = [edges[bin], edges[bin + 1]];
  if (characteristic === 'coverage') return `${+(100 * low).toFixed(1)}–${+(100 * high).toFixed(1)}%`;
  const unit = characteristic === 'length' ? ' s' : '';
  if (high === null) return `> ${low}${unit}`;
  if (unit) return `${low}–${high}${unit}`;
  const least = Math.max(1, low + 1);
  return least === high ? String(high) : `${least}–${high}`;
}

// A small chart of each characteristic. `valuesOf` gives a value a bin, `base` is drawn across.
function showBins(container, tableContainer, valuesOf, base, colour, heading) {
  const all = Object.keys(characteristics);
  const {highest, marks} = scaleFor([...all.flatMap(valuesOf), base]);
  for (const characteristic of all) {
    const [, title] = characteristics[characteristic];
    const {names} = errors.bins[characteristic];
    const values = valuesOf(characteristic);
    const draw = (width) => {
      const area = plane(width, 240, {highest, left: 30, right: 4, top: 20, bottom: 44});
      const step = area.inner.width / names.length;
      const bars = names.flatMap((name, bin) => {
        const middle = area.left + step * (bin + 0.5);
        const y = area.y(values[bin] ?? 0);
        const centred = {'text-anchor': 'middle'};
        return [
          svgElement('rect', {x: middle - step * 0.3, y, width: step * 0.6, height: area.bottom - y, fill: colour}),
          words(middle, area.bottom + 17, name, centred),
          words(middle, area.bottom + 33, rangeOf(characteristic, bin),
            {...centred, class: 'quiet', 'font-size': 10}),
        ];
      });
      const labels = names.map((_, bin) => words(area.left + step * (bin + 0.5),
        area.y(values[bin] ?? 0) - 6, percent(values[bin]), {class: 'value', 'text-anchor': 'middle'}));
      const across = base === null ? [] :
        [line(area.left, area.y(base), area.right, area.y(base), {class: 'base'})];
      return [...area.grid(marks, inPercentOf(marks)), ...bars, ...across, ...labels];
    };
    const place = element('div', {class: 'chart'});
    container.append(element('div', {}, element('h3', {}, title), place));
    if (values.every((value) => value === null)) {
      place.append(element('p', {class: 'quiet'}, 'Not known: neither file says how long the videos are.'));
      continue;
    }
    chart(place, 240, `${heading} by ${title.toLowerCase()}`, draw);
  }
  const shareOf = (characteristic) => errors.false_negatives.by[characteristic].share_of_truths;
  tableContainer.append(table(['Kind', 'Range', 'Share of all', heading],
    all.flatMap((characteristic) => errors.bins[characteristic].names.map((name, bin) => [
      `${characteristics[characteristic][0]} ${name}`, rangeOf(characteristic, bin),
      percent(shareOf(characteristic)[bin]), percent(valuesOf(characteristic)[bin])]))));
}

function showCharacteristics() {
  showBins(byId('sensitivity-charts'), byId('sensitivity-table'),
    (characteristic) => errors.sensitivity.by[characteristic], errors.sensitivity.average,
    'var(--sky)', 'Normalized mAP');
  showBins(byId('missed-charts'), byId('missed-table'),
    (characteristic) => errors.false_negatives.by[characteristic].missed, null,
    'var(--orange)', 'Not found');
}
