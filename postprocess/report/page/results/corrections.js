// What the person who looks says of segments. It is kept in the browser, a key a video below the
// results', so that several windows do not overwrite each other's; and saved as a file of annotations.

// By video id: {checked, marks: Map of segment key to mark}. A mark is {verdict, start, end}, in which
// a verdict, "right" or "wrong", and bounds may be missing, but not both.
const corrections = new Map();
const kSubset = 'corrected';

function storageKey(id) {
  return `co2net-report-${app.report.key}:${id}`;
}

function loadCorrections() {
  for (const [id, entry] of readEarlierForm()) corrections.set(id, entry);
  for (const {id} of app.report.videos) loadCorrectionsOf(id);
  window.addEventListener('storage', takeFromOtherWindow);
}

function loadCorrectionsOf(id) {
  const entry = entryFrom(readStorage(storageKey(id)));
  if (entry) corrections.set(id, entry);
}

// What another window of this report has stored.
function takeFromOtherWindow({key}) {
  const entry = app.report.videos.find(({id}) => storageKey(id) === key);
  if (!entry) return;
  loadCorrectionsOf(entry.id);
  if (entry === app.entry) redraw();
  showSavable();
  showListMarks();
}

// Browsers may refuse to keep anything, and anybody may have written what is there.
function readStorage(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

// All videos under one key, as reports had them at first.
function readEarlierForm() {
  const pairs = pairsOf(readStorage(`co2net-report-${app.report.key}`));
  return pairs.map(([id, stored]) => [id, entryFrom(stored)]).filter(([, entry]) => entry);
}

function pairsOf(stored) {
  const isPair = (item) => Array.isArray(item) && item.length === 2 && typeof item[0] === 'string';
  return Array.isArray(stored) ? stored.filter(isPair) : [];
}

// Null where it is none.
function entryFrom(stored) {
  if (typeof stored?.checked !== 'boolean') return null;
  const marks = pairsOf(stored.marks).map(([key, mark]) => [key, markFrom(mark)]).filter(([, mark]) => mark);
  return {checked: stored.checked, marks: new Map(marks)};
}

// At first "moved" was a verdict.
function markFrom(stored) {
  const {verdict, start, end} = stored ?? {};
  const mark = {};
  if (verdict === 'right' || verdict === 'wrong') mark.verdict = verdict;
  if (Number.isFinite(start) && Number.isFinite(end) && start < end) Object.assign(mark, {start, end});
  return isEmpty(mark) ? null : mark;
}

function isEmpty(mark) {
  return !mark.verdict && !hasBounds(mark);
}

function hasBounds(mark) {
  return mark?.start !== undefined;
}

function storeCorrections(id, {checked, marks}) {
  try {
    localStorage.setItem(storageKey(id), JSON.stringify({checked, marks: [...marks]}));
    app.isStored = true;
  } catch {
    app.isStored = false;
  }
}

// Changes what is said of the open video, on top of what another window has stored meanwhile.
function correct(change) {
  const {id} = app.entry;
  if (app.isStored) loadCorrectionsOf(id);
  if (!corrections.has(id)) corrections.set(id, {checked: false, marks: new Map()});
  change(corrections.get(id));
  storeCorrections(id, corrections.get(id));
}

function segmentKey(segment) {
  return JSON.stringify([segment.label, segment.start, segment.end]);
}

function markOf(segment) {
  return corrections.get(app.entry.id)?.marks.get(segmentKey(segment));
}

// The words for a mark, which are classes of its bar, too.
function wordsOf(mark) {
  return [mark?.verdict, hasBounds(mark) && 'moved'].filter(Boolean);
}

// `part` takes the place of what the mark had of it; undefined takes that back. A video with a mark
// has been looked at.
function setMark(segment, part) {
  correct((entry) => {
    const key = segmentKey(segment);
    const mark = {...entry.marks.get(key), ...part};
    if (isEmpty(mark)) entry.marks.delete(key);
    else entry.marks.set(key, mark);
    entry.checked ||= !isEmpty(mark);
  });
}

function setChecked(isChecked) {
  correct((entry) => { entry.checked = isChecked; });
}

// Where nobody has looked for anything, nothing can be taken as right.
function isCorrectable(entry) {
  return entry.isFound && !entry.error;
}

function isChecked(entry) {
  return isCorrectable(entry) && (corrections.get(entry.id)?.checked ?? false);
}

// Final segments stay unless they are wrong; a candidate counts once it is right or moved.
function correctedSegments(result, marks) {
  const corrected = [];
  for (const segment of ranked(result)) {
    const mark = marks.get(segmentKey(segment));
    const stays = mark ? mark.verdict !== 'wrong' : isFinal(result, segment);
    const {start, end} = hasBounds(mark) ? mark : segment;
    if (stays) corrected.push({label: segment.label, segment: [start, end]});
  }
  return corrected;
}

// ActivityNet's form, of the videos that were looked at. A class of which all is wrong is not there.
async function correctedAnnotations() {
  const database = [];
  for (const [index, entry] of app.report.videos.entries()) {
    if (!isChecked(entry)) continue;
    const {found} = await loadVideo(index);
    const annotations = correctedSegments(found, corrections.get(entry.id).marks);
    database.push([entry.id, {subset: kSubset, duration: entry.duration ?? undefined, annotations}]);
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
  const checked = app.report.videos.filter(isChecked).length;
  const button = byId('save');
  button.disabled = checked === 0;
  button.textContent = checked ? `Save corrections of ${countText(checked, 'video')}` : 'Save corrections';
}
