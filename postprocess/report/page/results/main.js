// What is shown, and where it is told: the address holds the video and the moment.

const app = {
  report: null, // of receiveReport()
  rows: [], // of the list, all
  listed: [], // those that are shown, in their order
  opening: -1, // index of the video that is open, or will be once it is loaded
  entry: null, // the open video's, of the report
  data: null, // and what its own script says
  player: null,
  length: null, // of the video in seconds, where it is known
  duration: 0, // of the axis
  now: 0,
  chosen: null, // a segment
  sharing: 0, // of the timer that writes the address
  isStored: true,
  view: {more: 0, perClass: 0, zoom: 1},
};
const loaded = new Map(); // of videos, by index: {promise, take}

// Called by data/videos.js.
function receiveReport(report) {
  app.report = report;
  loadCorrections();
  byId('about').textContent = [report.results, report.other && `beside ${report.other}`].filter(Boolean).join(' ');
  byId('evaluation-page').hidden = !report.hasEvaluation;
  buildList();
  showSavable();
  listenToTrack();
  listenToControls();
  byId('save').addEventListener('click', () => saveCorrections().catch((error) => { byId('save').textContent = error.message; }));
  window.addEventListener('hashchange', openAddress);
  window.addEventListener('resize', () => app.data && drawRuler());
  document.addEventListener('keydown', takeKey);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => app.data && drawScores());
  openAddress();
}

// Called by the script of a video.
function receiveVideo(data) {
  loaded.get(data.index).take(data);
}

function loadVideo(index) {
  if (!loaded.has(index)) {
    const waiting = {};
    waiting.promise = new Promise((take, fail) => {
      waiting.take = take;
      document.head.append(element('script', {src: `data/${index}.js`, error: () => fail(new Error(`data/${index}.js is missing`))}));
    });
    loaded.set(index, waiting);
  }
  return loaded.get(index).promise;
}

function addressOf(id, moment) {
  return `#video=${encodeURIComponent(id)}${moment === undefined ? '' : `&t=${moment.toFixed(2)}`}`;
}

function openAddress() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const index = app.report.videos.findIndex((entry) => entry.id === wanted.get('video'));
  if (index < 0) showWelcome();
  else if (app.report.videos[index] === app.entry) seek(Number(wanted.get('t')) || 0);
  else openVideo(index, Number(wanted.get('t')) || 0);
}

// Whoever copies the address has the moment with it.
function shareMoment() {
  clearTimeout(app.sharing);
  app.sharing = setTimeout(() => history.replaceState(null, '', addressOf(app.entry.id, app.now)), 200);
}

function showWelcome() {
  clearTimeout(app.sharing);
  Object.assign(app, {opening: -1, entry: null, data: null, player: null});
  byId('player').replaceChildren();
  document.body.classList.remove('open');
  byId('view').hidden = true;
  byId('welcome').hidden = false;
  byId('welcome').textContent = 'Choose a video.';
  showListMarks();
}

// Unless another one is opened before it is loaded.
async function openVideo(index, moment) {
  app.opening = index;
  try {
    const data = await loadVideo(index);
    if (app.opening === index) showVideo(data, moment);
  } catch (error) {
    showWelcome();
    byId('welcome').textContent = `${error.message}: the folder data is not complete.`;
  }
}

function showVideo(data, moment) {
  const entry = app.report.videos[data.index];
  Object.assign(app, {entry, data, now: moment, chosen: null, length: entry.duration});
  document.body.classList.add('open');
  byId('welcome').hidden = true;
  byId('view').hidden = false;
  byId('title').textContent = app.entry.id;
  buildPlayer();
  showLegend();
  layOut();
  seek(moment);
  byId('main').focus({preventScroll: true});
}

// Along the axis, as far as that is known.
function layOut() {
  app.duration = Math.max(app.length ?? 0, lastEnd(app.data));
  byId('view').classList.toggle('timeless', app.duration === 0);
  byId('notes').textContent = notes(app.data);
  drawScores();
  setZoom(1);
  redraw();
}

// What is drawn anew keeps the focus.
function redraw() {
  const {id} = document.activeElement;
  drawTimeline();
  showInspector();
  if (id) byId(id)?.focus({preventScroll: true});
}

// Of all that is drawn.
function lastEnd({found, other, truth, scores}) {
  const segments = [found, other].flatMap((result) => (result ? ranked(result) : [])).concat(truth ?? []);
  const snippets = scores?.heat[0]?.values.length ?? 0;
  return Math.max(0, snippets * (scores?.step ?? 0), ...segments.map((segment) => segment.end));
}

function notes(data) {
  const said = [app.length === null ? 'length not known' : timeText(app.length)];
  if (!data.found) said.push(`${app.report.results} does not have this video`);
  else if (data.found.error) said.push(`failed: ${data.found.error}`);
  else if (!data.found.hasFinal) said.push('no operating point was known: shown are the best candidates that do not overlap');
  if (data.found?.incomplete) said.push(`decoded only in part: ${data.found.incomplete}`);
  if (app.report.other && !data.other) said.push(`${app.report.other} does not have this video`);
  if (app.report.hasTruth && !data.truth) said.push('the ground truth does not have this video');
  return said.join('; ');
}

function openNeighbour(step) {
  const entry = neighbour(step);
  if (entry) location.hash = addressOf(entry.id);
}

const keys = {
  ' ': togglePlay,
  ArrowLeft: (event) => seek(app.now - (event.shiftKey ? 0.1 : 1)),
  ArrowRight: (event) => seek(app.now + (event.shiftKey ? 0.1 : 1)),
  Home: () => seek(0),
  End: () => seek(app.duration),
  '+': () => setZoom(app.view.zoom * 2),
  '-': () => setZoom(app.view.zoom / 2),
  n: () => openNeighbour(1),
  p: () => openNeighbour(-1),
  r: () => app.chosen && mark(app.chosen, {verdict: 'right'}),
  w: () => app.chosen && mark(app.chosen, {verdict: 'wrong'}),
};

function takeKey(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const isTyping = event.target.closest('input, select, textarea, video');
  const isPressing = key === ' ' && event.target.closest('button, a, summary');
  if (!app.data || !keys[key] || isTyping || isPressing) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  keys[key](event);
}
