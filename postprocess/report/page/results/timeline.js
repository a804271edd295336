// The time axis and the lanes on it. Places are in percent of the duration, so that zooming only
// widens the track.

const laneNames = {truth: 'true', found: 'found', other: 'other file'};
const tickSteps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const kLeastTickWidth = 70; // pixels

function percent(seconds) {
  return `${(100 * seconds) / app.duration}%`;
}

function drawTimeline() {
  const lanes = timelineLanes(app.data, app.view);
  byId('lanes').replaceChildren(...lanes.map(laneElement));
  if (lanes.length === 0) byId('lanes').append(element('p', {class: 'nothing'}, emptyText()));
  const scoreLabels = app.data.scores ? curveLabels(app.data.scores) : [];
  byId('gutter').replaceChildren(
    element('div', {class: 'ruler'}),
    ...(lanes.length ? lanes.map(laneLabel) : [element('div', {class: 'nothing'})]),
    ...scoreLabels,
  );
  showSlider();
  markPlaying();
}

function emptyText() {
  const candidates = app.data.found?.candidates.length ?? 0;
  return candidates ? 'No final segment. The slider brings candidates.' : 'Nothing was found.';
}

function laneLabel(lane) {
  const isAlone = !app.data.truth && !app.data.other;
  return element('div', {class: 'lane', style: `--rows:${lane.rows}`, title: `${lane.label}, ${laneNames[lane.kind]}`},
    element('b', {}, lane.label), isAlone ? '' : element('span', {}, laneNames[lane.kind]));
}

function laneElement(lane) {
  const bars = lane.places.map(({segment, row}) => bar(lane, segment, row));
  return element('div', {class: `lane ${lane.kind}`, role: 'group', 'aria-label': `${lane.label}, ${laneNames[lane.kind]}`,
    style: `--rows:${lane.rows};--class:${colourOf(lane.label)};--ink:${inkOf(lane.label)}`}, ...bars);
}

function bar(lane, segment, row) {
  const isOurs = lane.kind === 'found';
  const {start, end} = isOurs ? span(segment) : segment;
  const isCandidate = lane.kind !== 'truth' && !isFinal(app.data[lane.kind], segment);
  const text = segment.score === undefined ? '' : scoreText(segment.score);
  const button = element('button', {
    type: 'button',
    id: `${lane.kind}-${segmentKey(segment)}`,
    class: ['segment', isCandidate && 'candidate', ...(isOurs ? wordsOf(markOf(segment)) : [])].filter(Boolean).join(' '),
    style: `left:${percent(start)};width:${percent(end - start)};--at:${row}`,
    title: barTitle(lane, segment, isCandidate),
    'aria-label': barTitle(lane, segment, isCandidate),
    'aria-pressed': isOurs && String(app.chosen === segment),
    click: () => choose(isOurs ? segment : null, start),
  }, element('span', {}, text));
  button.span = {start, end};
  button.label = `${lane.label} (${laneNames[lane.kind]})`;
  return button;
}

function barTitle(lane, segment, isCandidate) {
  const said = lane.kind === 'found' ? wordsOf(markOf(segment)).join(' and ') : '';
  const {start, end} = lane.kind === 'found' ? span(segment) : segment;
  return [
    lane.label,
    `${timeText(start)} to ${timeText(end)}`,
    segment.score === undefined ? 'true' : `score ${scoreText(segment.score)}`,
    isCandidate && 'candidate',
    said && `marked ${said}`,
  ].filter(Boolean).join(', ');
}

// A segment that is clicked is played from its start, and one of ours can be corrected.
function choose(segment, start) {
  app.chosen = segment;
  seek(start);
  redraw();
}

function drawRuler() {
  const width = byId('scroller').clientWidth * app.view.zoom;
  const least = (app.duration * kLeastTickWidth) / Math.max(width, 1);
  const step = tickSteps.find((candidate) => candidate >= least) ?? 7200;
  const ticks = [];
  for (let i = 0; i * step < app.duration - least / 2; i += 1) {
    ticks.push(element('span', {style: `left:${percent(i * step)}`}, tickText(i * step)));
  }
  byId('ruler').replaceChildren(...ticks);
  byId('ruler').setAttribute('aria-valuemax', app.duration.toFixed(2));
}

function tickText(seconds) {
  if (seconds < 60) return `${Number(seconds.toFixed(1))} s`;
  return timeText(seconds).replace(/\.\d+$/, '');
}

// Keeps the moment where it is on the screen.
function setZoom(zoom) {
  const scroller = byId('scroller');
  const share = app.now / app.duration;
  const before = share * scroller.clientWidth * app.view.zoom - scroller.scrollLeft;
  app.view.zoom = clamp(zoom, 1, 64);
  byId('track').style.width = `${100 * app.view.zoom}%`;
  scroller.scrollLeft = share * scroller.clientWidth * app.view.zoom - before;
  byId('zoom-text').textContent = `${app.view.zoom}×`;
  byId('zoom-out').disabled = app.view.zoom === 1;
  byId('zoom-in').disabled = app.view.zoom === 64;
  drawRuler();
}

function momentAt(event) {
  const box = byId('track').getBoundingClientRect();
  return clamp(((event.clientX - box.left) / box.width) * app.duration, 0, app.duration);
}

// A mouse drags anywhere on the track; a finger on the ruler alone, since elsewhere it scrolls.
function listenToTrack() {
  const track = byId('track');
  let isDragging = false;
  track.addEventListener('pointerdown', (event) => {
    const isOnRuler = event.target.closest('.ruler');
    if (event.button !== 0 || event.target.closest('.segment')) return;
    if (event.pointerType !== 'mouse' && !isOnRuler) return;
    isDragging = true;
    track.setPointerCapture(event.pointerId);
    seek(momentAt(event));
  });
  track.addEventListener('pointermove', (event) => {
    if (isDragging) seek(momentAt(event));
  });
  for (const end of ['pointerup', 'pointercancel']) {
    track.addEventListener(end, () => {
      isDragging = false;
    });
  }
  track.addEventListener('click', (event) => {
    if (!event.target.closest('.segment')) seek(momentAt(event));
  });
}

// The slider goes from nothing over the final segments to all candidates.
function showSlider() {
  const result = app.data.found ?? app.data.other;
  const slider = byId('shown');
  slider.max = ranked(result).length;
  slider.value = clamp(result.final.length + app.view.more, 0, ranked(result).length);
  byId('shown-text').textContent = shownText(result, app.view);
  slider.setAttribute('aria-valuetext', shownText(result, app.view));
}

function listenToControls() {
  byId('shown').addEventListener('input', (event) => {
    app.view.more = Number(event.target.value) - (app.data.found ?? app.data.other).final.length;
    drawTimeline();
  });
  byId('per-class').append(
    element('option', {value: 0}, 'all of a class'),
    ...[1, 2, 3, 5, 10].map((most) => element('option', {value: most}, `${most} of a class`)),
  );
  byId('per-class').addEventListener('change', (event) => {
    app.view.perClass = Number(event.target.value);
    drawTimeline();
  });
  byId('zoom-in').addEventListener('click', () => setZoom(app.view.zoom * 2));
  byId('zoom-out').addEventListener('click', () => setZoom(app.view.zoom / 2));
}
