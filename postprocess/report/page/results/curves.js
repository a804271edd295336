// Attention and class activation, on the time axis.

const kMostColumns = 8192; // of a canvas

function drawScores() {
  const {scores} = app.data;
  byId('scores').replaceChildren(...(scores ? [curvesElement(scores), heatElement(scores)] : []));
}

// What stands beside them.
function curveLabels(scores) {
  const keys = knownAttentions(scores.curves).map((name) => {
    const {name: text, colour, dash} = attentionStyles[name];
    return element('span', {}, lineSample(colour, dash), text);
  });
  return [
    element('div', {class: 'curves'}, ...keys),
    ...scores.heat.map(({label}) => element('div', {class: 'heat', title: label}, label)),
  ];
}

// A snippet's value stands at its middle.
function points(values, step) {
  return values.map((value, i) => `${((i + 0.5) * step).toFixed(3)},${1 - value}`).join(' ');
}

function curvesElement(scores) {
  const lines = knownAttentions(scores.curves).map((name) => svgElement('polyline', {
    points: points(scores.curves[name], scores.step),
    style: `stroke:${attentionStyles[name].colour}`,
    'stroke-dasharray': attentionStyles[name].dash,
  }));
  const names = knownAttentions(scores.curves).map((name) => attentionStyles[name].name).join(', ');
  return svgElement('svg', {
    class: 'curves', role: 'img', 'aria-label': `Attention from 0 to 1 over time: ${names}`,
    viewBox: `0 0 ${app.duration} 1`, preserveAspectRatio: 'none',
  }, svgElement('line', {class: 'half', x1: 0, x2: app.duration, y1: 0.5, y2: 0.5}), ...lines);
}

function heatElement(scores) {
  const length = scores.heat[0]?.values.length ?? 0;
  const canvas = element('canvas', {
    class: 'heat', role: 'img', width: Math.max(1, Math.min(length, kMostColumns)), height: scores.heat.length,
    'aria-label': `Class activation over time: ${scores.heat.map(({label}) => label).join(', ')}`,
    style: `width:${percent(length * scores.step)};--rows:${scores.heat.length}`,
  });
  if (length) paintHeat(canvas, scores.heat.map(({values}) => values));
  return canvas;
}

// From the lowest value, which is not painted, to the highest.
function paintHeat(canvas, rows) {
  const all = rows.flat();
  const least = all.reduce((a, b) => Math.min(a, b), Infinity);
  const most = all.reduce((a, b) => Math.max(a, b), -Infinity);
  const context = canvas.getContext('2d');
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--accent');
  rows.forEach((values, y) => {
    for (let x = 0; x < canvas.width; x += 1) {
      const value = values[Math.floor((x * values.length) / canvas.width)];
      context.globalAlpha = (value - least) / (most - least || 1);
      context.fillRect(x, y, 1, 1);
    }
  });
}

function showLegend() {
  const parts = [element('span', {class: 'key found'}, `${finalName(app.data.found ?? app.data.other)}, with its score`)];
  parts.push(element('span', {class: 'key candidate'}, 'candidate'));
  if (app.data.truth) parts.push(element('span', {class: 'key truth'}, 'ground truth'));
  if (app.data.other) parts.push(element('span', {class: 'key other'}, `of ${app.report.other}`));
  parts.push(element('p', {}, ...(app.data.scores ? scoresText() : howToGetScores())));
  byId('legend').replaceChildren(...parts);
}

function scoresText() {
  return ['Below: the attention of snippets, from 0 to 1, and the activation of classes, from the lowest of this video (clear) to the highest.'];
}

function howToGetScores() {
  return [
    'Attention and class activation are shown, too, where ', element('code', {}, 'co2net report --scores DIR'), ' is given what ',
    element('code', {}, 'co2net run'), ' or ', element('code', {}, 'co2net localize'), ' writes with ',
    element('code', {}, '--save-scores DIR'), '.',
  ];
}
