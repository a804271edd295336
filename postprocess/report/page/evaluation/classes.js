// The table of classes.

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
    const button = element('button', {type: 'button'}, name);
    const heading = element('th', {scope: 'col'}, button);
    button.addEventListener('click', () => sortBy(heading, value, i === 0));
    return heading;
  });
  const body = element('tbody');
  const fill = () => body.replaceChildren(...labels.map((label) => element('tr', {},
    element('th', {scope: 'row', title: label}, label),
    ...columns.slice(1).map(([, value, text]) => element('td', {}, text(value(label)))))));

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

  byId('class-table').append(element('table', {}, element('thead', {}, element('tr', {}, ...headings)), body));
  sortBy(headings[0], columns[0][1], true);
}
