// The list of videos.

const orders = {
  'as in the results': () => 0,
  name: (a, b) => a.id.localeCompare(b.id, undefined, {numeric: true}),
  'best score': (a, b) => bestScore(b) - bestScore(a),
  'lowest score': (a, b) => bestScore(a) - bestScore(b),
  'number of segments': (a, b) => b.segments - a.segments,
  duration: (a, b) => (b.duration ?? 0) - (a.duration ?? 0),
  'not looked at first': (a, b) => isChecked(a) - isChecked(b),
};

function bestScore(entry) {
  return entry.labels[0]?.score ?? -Infinity;
}

function has(entry, label) {
  if (label === '') return true;
  if (label === 'nothing') return entry.labels.length === 0;
  return entry.classes.some((name) => `=${name}` === label);
}

function buildList() {
  const {report} = app;
  byId('class-filter').append(
    element('option', {value: ''}, 'all'),
    element('option', {value: 'nothing'}, '(nothing found)'),
    ...report.classes.map((label) => element('option', {value: `=${label}`}, label)),
  );
  byId('sort').append(...Object.keys(orders).map((name) => element('option', {}, name)));
  app.rows = report.videos.map(listRow);
  byId('search').addEventListener('input', showList);
  for (const id of ['class-filter', 'sort']) byId(id).addEventListener('change', showList);
  byId('filters').addEventListener('submit', (event) => event.preventDefault());
  showList();
}

function listRow(entry) {
  const link = element('a', {href: addressOf(entry.id)});
  if (entry.strip) link.append(element('img', {src: entry.strip, alt: '', loading: 'lazy'}));
  link.append(element('span', {class: 'name'}, entry.id), bestLabels(entry));
  return {entry, item: element('li', {}, link), link};
}

function bestLabels(entry) {
  const line = element('span', {class: 'labels'});
  if (entry.error) line.append(element('em', {}, `failed: ${entry.error}`));
  else if (!entry.isFound) line.append(element('em', {}, 'in the other file alone'));
  else if (entry.labels.length === 0) line.append(element('em', {}, 'nothing found'));
  if (entry.isIncomplete) line.append(element('em', {}, 'decoded in part'));
  for (const {label, score} of entry.labels.slice(0, 3)) line.append(chip(label, scoreText(score)));
  if (entry.labels.length > 3) line.append(`and ${entry.labels.length - 3} more`);
  return line;
}

function chip(label, text) {
  return element('span', {class: 'chip'}, element('i', {style: `background:${colourOf(label)}`}), `${label} `, element('b', {}, text));
}

function wantedRows() {
  const words = byId('search').value.toLowerCase().split(/\s+/);
  const label = byId('class-filter').value;
  return app.rows.filter(({entry}) => {
    const text = [entry.id, ...entry.classes].join(' ').toLowerCase();
    return has(entry, label) && words.every((word) => text.includes(word));
  });
}

function showList() {
  const order = orders[byId('sort').value];
  app.listed = wantedRows().sort((a, b) => order(a.entry, b.entry));
  byId('videos').replaceChildren(...app.listed.map((row) => row.item));
  byId('list-count').textContent = `${app.listed.length} of ${countText(app.rows.length, 'video')}`;
  showListMarks();
}

// Which one is open, and which were looked at.
function showListMarks() {
  for (const {entry, link} of app.rows) {
    if (entry === app.entry) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
    link.classList.toggle('checked', isChecked(entry));
  }
}

// The video that follows in the list by `step`, if there is one.
function neighbour(step) {
  const at = app.listed.findIndex((row) => row.entry === app.entry);
  return app.listed[at + step]?.entry;
}
