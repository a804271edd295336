'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const evaluation = data.evaluation;
  const report = evaluation.report;
  const errors = report.error_analysis;

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
  const curveStyles = [
    ['var(--blue)', ''], ['var(--orange)', '8 3'], ['var(--green)', '2 3'], ['var(--pink)', '10 3 2 3'],
    ['var(--sky)', '5 2'],
  ];
  const characteristics = {
    length: ['Length', 'Length of the segment'],
    coverage: ['Coverage', 'Part of the video'],
    instances: ['Segments', 'Segments in the video'],
  };

  const byId = (id) => document.getElementById(id);
  const percent = (fraction) => fraction === null ? '–' : (100 * fraction).toFixed(1);

  // Text is never markup: it goes into text nodes and attributes.
  function filled(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }
  const html = (tag, attributes = {}, ...children) =>
    filled(document.createElement(tag), attributes, children);
  const svg = (tag, attributes = {}, ...children) =>
    filled(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
  const words = (x, y, content, attributes = {}) => svg('text', {x, y, ...attributes}, content);
  const line = (x1, y1, x2, y2, attributes) => svg('line', {x1, y1, x2, y2, ...attributes});

  // `rows` are lists of cells, the first of which is a heading.
  function table(headings, rows) {
    const row = ([name, ...cells]) => html('tr', {}, html('th', {scope: 'row'}, name),
      ...cells.map((cell) => html('td', {}, cell)));
    return html('table', {},
      html('thead', {}, html('tr', {}, ...headings.map((name) => html('th', {scope: 'col'}, name)))),
      html('tbody', {}, ...rows.map(row)));
  }

  // Draws at the width that there is, and again when that changes. `draw` returns the nodes.
  function chart(container, height, label, draw) {
    let drawn = 0;
    const redraw = () => {
      const width = Math.floor(container.clientWidth);
      if (width === drawn || width === 0) return;
      drawn = width;
      container.replaceChildren(
        svg('svg', {width, height, role: 'img', 'aria-label': label}, ...draw(width)));
    };
    new ResizeObserver(redraw).observe(container);
    redraw();
    return () => { drawn = 0; redraw(); };
  }

  // The plane of a chart: places of values, and a grid at each of `marks` of the upright axis.
  function plane(width, height, {left = 40, right = 12, top = 12, bottom = 28, highest = 1} = {}) {
    const inner = {width: width - left - right, height: height - top - bottom};
    return {
      left, inner, bottom: height - bottom, right: width - right,
      y: (value) => top + inner.height * (1 - value / highest),
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

  function showAbout() {
    const {counts, classification} = evaluation;
    document.title = `Evaluation of ${data.predictions}`;
    const subset = evaluation.subset === undefined ? '' : `, subset ${evaluation.subset}`;
    byId('about').textContent =
      `${data.predictions} against ${data.ground_truth}${subset}, protocol ${evaluation.protocol}: ` +
      `${counts.predictions} predictions, ${counts.segments} segments of ` +
      `${Object.keys(evaluation.per_class).length} classes in ${counts.videos} videos.` + (classification ?
        ` Classification mAP ${percent(classification.mAP)} (${classification.videos} videos).` : '');
    byId('analysis-note').textContent =
      'False positives, sensitivity and false negatives follow the definitions of DETAD (Alwassel et al., ECCV 2018): ' +
      'in seconds whatever the protocol, by a precision that counts as if every class had as many segments. ' +
      `Compared are ${errors.segments} segments` + (errors.segments_left_out === 0 ? '.' :
        `; ${errors.segments_left_out} without length or longer than their video are left out.`);
  }

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
        svg('circle', {cx: x(t), cy: area.y(evaluation.mAP[t]), r: 4, fill: 'var(--accent)'},
          svg('title', {}, `tIoU ${threshold}: ${percent(evaluation.mAP[t])}`)),
        ...(t % every === 0 ?
          [words(x(t), area.bottom + 18, String(threshold), {class: 'quiet', 'text-anchor': 'middle'})] : []),
      ];
    });
    return [...area.grid(marks, inPercentOf(marks)), ...points,
      words(area.right, area.bottom + 38, 'tIoU', {class: 'quiet', 'text-anchor': 'end'})];
  }

  // As many decimals as the steps need.
  function inPercentOf(marks) {
    const decimals = marks.length > 1 && marks[1] < 0.01 ? 2 : 0;
    return (mark) => (100 * mark).toFixed(decimals);
  }

  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

  function showClasses() {
    const columns = [
      ['Class', (label) => label, String],
      ['Mean', (label) => mean(evaluation.per_class[label]), percent],
      ...evaluation.tiou.map((tiou, t) =>
        [String(tiou), (label) => evaluation.per_class[label][t], percent]),
      ['Segments', (label) => report.segments[label], String],
      ['Predictions', (label) => report.predictions[label], String],
    ];
    const labels = Object.keys(evaluation.per_class);
    const headings = columns.map(([name, value], i) => {
      const button = html('button', {type: 'button'}, name);
      const heading = html('th', {scope: 'col'}, button);
      button.addEventListener('click', () => sortBy(heading, value, i === 0));
      return heading;
    });
    const body = html('tbody');
    const fill = () => body.replaceChildren(...labels.map((label) => html('tr', {},
      html('th', {scope: 'row', title: label}, label),
      ...columns.slice(1).map(([, value, text]) => html('td', {}, text(value(label)))))));

    // Names from A, numbers from the largest; again, the other way round.
    function sortBy(heading, value, isName) {
      const before = heading.getAttribute('aria-sort');
      const order = (before ?? (isName ? 'descending' : 'ascending')) === 'ascending' ? 'descending' : 'ascending';
      for (const other of headings) other.removeAttribute('aria-sort');
      heading.setAttribute('aria-sort', order);
      const sign = order === 'ascending' ? 1 : -1;
      labels.sort((a, b) => sign * (isName ? a.localeCompare(b) : value(a) - value(b)) || a.localeCompare(b));
      fill();
    }

    byId('class-table').append(html('table', {}, html('thead', {}, html('tr', {}, ...headings)), body));
    sortBy(headings[0], columns[0][1], true);
  }

  function showCurves() {
    const {tiou, per_class: perClass} = report.curves;
    const labels = Object.keys(perClass).sort((a, b) => a.localeCompare(b));
    const select = byId('curve-class');
    select.append(html('option', {value: '-1'}, 'all, mean'),
      ...labels.map((label, i) => html('option', {value: String(i)}, label)));

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
        ...curves().map((curve, t) => svg('polyline', {
          points: curve.map((precision, i) => `${x(i)},${area.y(precision)}`).join(' '),
          fill: 'none', stroke: curveStyles[t][0], 'stroke-width': 2, 'stroke-dasharray': curveStyles[t][1],
        }))];
    };
    const redraw = chart(byId('curve-chart'), 340, 'Precision in percent by recall, a line a tIoU', draw);
    const showTable = () => byId('curve-table').replaceChildren(
      table(['Recall, %', ...tiou.map((value) => `tIoU ${value}`)],
        Array.from({length: 11}, (_, i) =>
          [String(10 * i), ...curves().map((curve) => percent(curve[10 * i]))])));
    byId('curve-legend').append(...tiou.map((value, t) => html('li', {},
      svg('svg', {width: 28, height: 12, 'aria-hidden': 'true'}, line(0, 6, 28, 6,
        {stroke: curveStyles[t][0], 'stroke-width': 2, 'stroke-dasharray': curveStyles[t][1]})),
      `tIoU ${value}`)));
    select.addEventListener('change', () => { redraw(); showTable(); });
    showTable();
  }

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
        return svg('rect', {x: left, y: top, width: step * 0.72, height: Math.max(0, height - 1), fill: kindColours[kind]},
          svg('title', {}, `${kindNames[kind]}: ${percent(share[k])}% of ${sizes[band]}`));
      });
      return [name, ...parts];
    });
    return [...area.grid(quarters, inPercent), ...bars];
  }

  function showKinds() {
    const found = errors.false_positives;
    chart(byId('kind-chart'), 320, 'Kinds of predictions in percent, a bar a band', drawKinds);
    byId('kind-legend').append(...errors.kinds.map((kind) => html('li', {},
      svg('svg', {width: 12, height: 12, 'aria-hidden': 'true'},
        svg('rect', {width: 12, height: 12, fill: kindColours[kind]})), kindNames[kind])));
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
        svg('rect', {x: left, y: y + 6, width: Math.max(1, length), height: 24, fill: kindColours[kind]}),
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
            svg('rect', {x: middle - step * 0.3, y, width: step * 0.6, height: area.bottom - y, fill: colour}),
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
      const place = html('div', {class: 'chart'});
      container.append(html('div', {}, html('h3', {}, title), place));
      if (values.every((value) => value === null)) {
        place.append(html('p', {class: 'quiet'}, 'Not known: neither file says how long the videos are.'));
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

  // What is wider than the page is scrolled by the arrow keys, too.
  function letScroll() {
    for (const box of document.querySelectorAll('.scroll')) {
      const {textContent} = box.closest('section').querySelector('h2');
      filled(box, {tabindex: '0', role: 'region', 'aria-label': textContent}, []);
    }
  }

  letScroll();
  showAbout();
  showMap();
  showClasses();
  showCurves();
  showKinds();
  showCharacteristics();
})();
