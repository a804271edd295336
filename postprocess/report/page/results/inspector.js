// Where a chosen segment is corrected.

function showInspector() {
  const parts = app.chosen ? chosenParts(app.chosen) : hintParts();
  byId('inspector').replaceChildren(...parts, checkedBox(), ...(isCorrectable(app.entry) ? [trainingNote()] : []));
  showSavable();
  showListMarks();
}

function hintParts() {
  const hint = element('p', {}, 'Choose a segment that was found to say whether it is right.');
  return [element('h3', {}, 'Corrections'), ...(isCorrectable(app.entry) ? [hint] : [])];
}

function chosenParts(segment) {
  const {start, end} = span(segment);
  return [
    element('h3', {}, chip(segment.label, scoreText(segment.score))),
    element('p', {}, `${timeText(start)} to ${timeText(end)}`),
    element('div', {class: 'verdicts', role: 'group', 'aria-label': 'Verdict'},
      verdictButton(segment, 'right', 'Right'), verdictButton(segment, 'wrong', 'Wrong')),
    element('div', {class: 'bounds'}, ...boundary(segment, 'start', start), ...boundary(segment, 'end', end)),
  ];
}

function verdictButton(segment, verdict, text) {
  const isSet = markOf(segment)?.verdict === verdict;
  return element('button', {type: 'button', id: `mark-${verdict}`, 'aria-pressed': String(isSet),
    click: () => mark(segment, {verdict: isSet ? undefined : verdict})}, text);
}

// A number to change, and a button that takes the moment that is shown. The focus goes on to what
// follows a number before all is drawn anew.
function boundary(segment, which, value) {
  const field = element('input', {type: 'number', id: `bound-${which}`, step: 0.01, min: 0, max: app.duration, value: value.toFixed(2),
    change: () => setTimeout(() => move(segment, which, field.valueAsNumber))});
  const here = element('button', {type: 'button', id: `here-${which}`, title: `The ${which} is at the moment that is shown`,
    click: () => move(segment, which, app.now)}, `${which === 'start' ? 'Starts' : 'Ends'} here`);
  return [element('label', {}, which === 'start' ? 'Start, s ' : 'End, s ', field), here];
}

function move(segment, which, moment) {
  const {start, end} = span(segment);
  const moved = {start, end, [which]: clamp(moment, 0, app.duration)};
  if (!(moved.start < moved.end)) return redraw();
  const isBack = moved.start === segment.start && moved.end === segment.end;
  return mark(segment, isBack ? {start: undefined, end: undefined} : moved);
}

// As setMark().
function mark(segment, part) {
  setMark(segment, part);
  redraw();
}

function checkedBox() {
  const box = element('input', {type: 'checkbox', id: 'checked', disabled: !isCorrectable(app.entry),
    change: () => { setChecked(box.checked); redraw(); }});
  box.checked = isChecked(app.entry);
  return element('p', {}, element('label', {class: 'check'}, box, checkedText(app.entry)));
}

function checkedText(entry) {
  if (entry.error) return 'Nothing can be corrected, since the video failed';
  if (!entry.isFound) return `Nothing can be corrected, since ${app.report.results} does not have this video`;
  return 'I have looked at this video: final segments that are not marked are right';
}

function trainingNote() {
  const where = app.isStored ? 'Kept in this browser until they are saved' : 'This browser keeps nothing: save before you leave';
  return element('p', {class: 'notes'}, `${where}. The file is ground truth for co2net eval. Training uses labels of whole videos, not ` +
    'boundaries: a class of which every segment is wrong leaves the video.');
}
