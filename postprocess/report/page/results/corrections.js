// What the person who looks says of segments. It is kept in the browser, under the results' key, and
// saved as a file of annotations.

// By video id: {checked, marks: Map of segment key to {verdict, start, end}}; a verdict is "right",
// "wrong" or "moved".
const corrections = new Map();
const kSubset = 'corrected';

function storageKey() {
  return `co2net-report-${app.report.key}`;
}

function loadCorrections() {
  for (const [id, entry] of readStorage()) {
    corrections.set(id, {checked: entry.checked, marks: new Map(entry.marks)});
  }
}

// Browsers may refuse to keep anything.
function readStorage() {
  try {
    return JSON.parse(localStorage.getItem(storageKey())) ?? [];
  } catch {
    return [];
  }
}

function storeCorrections() {
  const kept = [...corrections].map(([id, entry]) => [id, {checked: entry.checked, marks: [...entry.marks]}]);
  try {
    localStorage.setItem(storageKey(), JSON.stringify(kept));
    app.isStored = true;
  } catch {
    app.isStored = false;
  }
}

function segmentKey(segment) {
  return JSON.stringify([segment.label, segment.start, segment.end]);
}

function correctionsOf(id) {
  if (!corrections.has(id)) corrections.set(id, {checked: false, marks: new Map()});
  return corrections.get(id);
}

function markOf(segment) {
  return corrections.get(app.entry.id)?.marks.get(segmentKey(segment));
}

// `mark` null takes a mark back. A video with a mark has been looked at.
function setMark(segment, mark) {
  const entry = correctionsOf(app.entry.id);
  if (mark) entry.marks.set(segmentKey(segment), mark);
  else entry.marks.delete(segmentKey(segment));
  if (mark) entry.checked = true;
  storeCorrections();
}

function setChecked(isChecked) {
  const entry = correctionsOf(app.entry.id);
  entry.checked = isChecked;
  storeCorrections();
}

function isChecked(id) {
  return corrections.get(id)?.checked ?? false;
}

// Final segments stay unless they are wrong; a candidate counts if somebody says that it is right.
function correctedSegments(result, marks) {
  const corrected = [];
  for (const segment of ranked(result)) {
    const mark = marks.get(segmentKey(segment));
    const stays = mark ? mark.verdict !== 'wrong' : isFinal(result, segment);
    const {start, end} = mark?.verdict === 'moved' ? mark : segment;
    if (stays) corrected.push({label: segment.label, segment: [start, end]});
  }
  return corrected;
}

// ActivityNet's form, of the videos that were looked at. A class of which all is wrong is not there.
async function correctedAnnotations() {
  const database = [];
  for (const [index, entry] of app.report.videos.entries()) {
    if (!isChecked(entry.id)) continue;
    const {found} = await loadVideo(index);
    const annotations = correctedSegments(found ?? {final: [], candidates: []}, corrections.get(entry.id).marks);
    database.push([entry.id, {subset: kSubset, duration: entry.duration, annotations}]);
  }
  return {database: Object.fromEntries(database)};
}

async function saveCorrections() {
  const text = JSON.stringify(await correctedAnnotations(), null, 1);
  const address = URL.createObjectURL(new Blob([text], {type: 'application/json'}));
  element('a', {href: address, download: 'corrections.json'}).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

function showSavable() {
  const checked = app.report.videos.filter((entry) => isChecked(entry.id)).length;
  const button = byId('save');
  button.disabled = checked === 0;
  button.textContent = checked ? `Save corrections of ${countText(checked, 'video')}` : 'Save corrections';
}
