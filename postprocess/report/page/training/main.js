// What is shown, and news of it.

const methods = {co2net: 'CO2-Net', wtalc: 'W-TALC'};
const terms = {
  total: 'Total', mil_orig: 'MIL, without attention', mil_supp: 'MIL, suppressed',
  cas: 'Co-activity similarity', ml: 'Mutual learning', oppo: 'Opposition', norm: 'Attention norm',
};
// By whose key of the settings a term is weighted.
const weightOf = (term) => term.startsWith('mil') ? 'mil' : term;
const figures = {mean: 'Mean', deviation: 'Standard deviation'};
const newsEvery = 5000;  // milliseconds

let training = null;  // as it was loaded last
let changed = Date.now();
let built = '';  // of what there are tiles
let redraws = [];

function duration(seconds) {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 3 * 86400) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86400).toFixed(1)} days`;
}

function stateText() {
  const {state, done, iterations} = training;
  const count = `${done.toLocaleString('en')} of ${iterations.toLocaleString('en')} iterations`;
  if (state === 'finished') return `Finished after ${count}.`;
  if (state === 'stopped') return `Stopped after ${count}; the same command goes on from there.`;
  return `Running: ${count}.`;
}

function timeText() {
  if (training.state !== 'running') return '';
  const silent = (Date.now() - changed) / 1000;
  const {seconds_each: each, seconds_left: left} = training;
  const expected = isNumber(each) ? `${each.toPrecision(3)} s an iteration, judging included; about ${duration(left)} left.` : '';
  const news = silent > 60 ? ` No news for ${duration(silent)}: the program judges a model, works on a large batch, or was killed.` : '';
  return expected + news;
}

const points = () => training.points;
const marks = () => training.judgements;

// What the points have, those that are known in their order.
function shownTerms() {
  const {losses} = points();
  return [...new Set([...Object.keys(terms), ...Object.keys(losses)])].filter((term) => term in losses);
}
const shownAttentions = () => knownAttentions(points().attention);

function nameOf(term) {
  if (term === 'mil_orig' && training.network === 'wtalc') return 'MIL';  // which has no attention
  return terms[term] ?? term;
}

function bestOf(judgements) {
  const last = judgements.findLastIndex(({best}) => best);
  return last < 0 ? undefined : last;
}

function scoreChart(width) {
  const judgements = marks();
  return drawLines(width, 300, {
    xs: judgements.map(({iteration}) => iteration), most: training.iterations, marked: bestOf(judgements),
    lines: [{values: judgements.map(({score}) => score), colour: 'var(--accent)'}],
    range: {from: 0}, text: (mark) => (100 * mark).toFixed(1).replace(/\.0$/, ''),
  });
}

function judgedText() {
  const judgements = marks();
  if (training.judged_by === '') return 'No model is judged: the last one is kept.';
  if (judgements.length === 0) return 'No model was judged yet.';
  const best = bestOf(judgements);
  return `${training.judged_by}, in percent.` + (best === undefined ? '' : ` The best, ${percent(judgements[best].score)} after ` +
    `${judgements[best].iteration.toLocaleString('en')} iterations, is ${training.state === 'finished' ? '' : 'so far '}the one that is kept.`);
}

function showScores() {
  const judgements = marks();
  const tiou = judgements[0]?.tiou ?? [];
  for (const id of ['score-chart', 'score-numbers']) byId(id).hidden = training.judged_by === '' || judgements.length === 0;
  byId('judged-by').textContent = judgedText();
  byId('score-table').replaceChildren(table(['Iteration', 'Score', ...tiou.map((value) => `tIoU ${value}`)],
    someOf(judgements).map((judgement) => [judgement.iteration.toLocaleString('en'), percent(judgement.score),
      ...(judgement.mAP ?? []).map(percent)])));
}

function showLossNumbers() {
  const {iteration, losses} = points();
  const known = shownTerms();
  byId('losses-note').textContent = `The terms of ${methods[training.network]} before their weights, and their weighted sum` +
    (training.every > 1 ? `: means of ${training.every} iterations.` : '.');
  byId('loss-table').replaceChildren(table(['Iteration', ...known.map(nameOf)],
    someOf(iteration.map((of, i) => [of.toLocaleString('en'), ...known.map((term) => number(losses[term][i]))]))));
}

function showAttentionNumbers() {
  const {iteration, attention} = points();
  const columns = shownAttentions().flatMap((name) => Object.keys(figures).map((figure) => [name, figure]));
  byId('attention-table').replaceChildren(table(
    ['Iteration', ...columns.map(([name, figure]) => `${attentionStyles[name].name}, ${figures[figure].toLowerCase()}`)],
    someOf(iteration.map((of, i) => [of.toLocaleString('en'), ...columns.map(([name, figure]) => number(attention[name][figure][i]))]))));
}

function tile(container, title, draw) {
  const place = element('div', {class: 'chart'});
  byId(container).append(element('div', {}, element('h3', {}, title), place));
  redraws.push(chart(place, 220, `${title} by iteration`, draw));
}

function showTitle() {
  byId('shown').hidden = false;
  document.title = `Training of ${training.name}`;
  byId('about').textContent = training.name;
}

// Tiles are built once, and anew where there is something else to draw than before.
function showCharts() {
  const shown = JSON.stringify([shownTerms(), shownAttentions()]);
  if (shown === built) return redraws.forEach((redraw) => redraw());
  built = shown;
  redraws = [chart(byId('score-chart'), 300, 'Score by iteration', scoreChart)];
  buildLosses();
  buildAttentions();
}

function buildLosses() {
  byId('loss-charts').replaceChildren();
  for (const term of shownTerms()) {
    const weight = training.weights[weightOf(term)];
    tile('loss-charts', nameOf(term) + (weight === undefined || weight === 1 ? '' : `, weight ${weight}`),
      (width) => drawLines(width, 220, {xs: points().iteration, most: training.iterations,
        lines: [{values: points().losses[term], colour: 'var(--accent)'}]}));
  }
}

function buildAttentions() {
  const styles = shownAttentions().map((name) => ({...attentionStyles[name], array: name}));
  for (const part of document.querySelectorAll('#attention, [href="#attention"]')) part.hidden = styles.length === 0;
  byId('attention-charts').replaceChildren();
  for (const [figure, title] of Object.entries(figures)) {
    tile('attention-charts', title, (width) => drawLines(width, 220, {
      xs: points().iteration, most: training.iterations, range: {from: 0, to: figure === 'mean' ? 1 : 0.5},
      lines: styles.map(({array, colour, dash}) => ({values: points().attention[array][figure] ?? [], colour, dash})),
    }));
  }
  byId('attention-legend').replaceChildren(...styles.map(({name, colour, dash}) =>
    element('li', {}, lineSample(colour, dash), name)));
}

// Called by training/progress.js each time that it is loaded.
function showTraining(news) {
  const isFirst = training === null;
  if (!isFirst && (news.done !== training.done || news.state !== training.state)) changed = Date.now();
  training = news;
  if (isFirst) showTitle();
  showScores();
  showCharts();
  const bar = byId('bar');
  [bar.max, bar.value] = [training.iterations, training.state === 'finished' ? training.iterations : training.done];
  if (byId('state').textContent !== stateText()) byId('state').textContent = stateText();
  byId('time').textContent = timeText();
  showLossNumbers();
  showAttentionNumbers();
}

let loads = 0;
function load() {
  const script = element('script', {src: `training/progress.js?${loads++}`});
  const again = () => {
    script.remove();
    byId('missing').hidden = training !== null;
    if (training?.state !== 'finished') setTimeout(load, newsEvery);
  };
  filled(script, {load: again, error: again}, []);
  document.head.append(script);
}

letScroll();
load();
