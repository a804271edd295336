// What is shown of a video. A segment is {label, score, start, end} in seconds; a result is
// {final: [segment], candidates: [segment]}, each best first.

function ranked(result) {
  return [...result.final, ...result.candidates];
}

// `view.more` is how many candidates follow the final segments; below 0, how many of these are left
// out. `view.perClass` is the most of a class; 0: all.
function shownSegments(result, view) {
  const count = clamp(result.final.length + view.more, 0, ranked(result).length);
  const shown = ranked(result).slice(0, count);
  return view.perClass ? bestOfEachClass(shown, view.perClass) : shown;
}

function bestOfEachClass(segments, most) {
  const taken = new Map();
  return segments.filter((segment) => {
    const count = taken.get(segment.label) ?? 0;
    taken.set(segment.label, count + 1);
    return count < most;
  });
}

function isFinal(result, segment) {
  return result.final.includes(segment);
}

// Others' files do not say which are final.
function finalName(result) {
  return result.hasFinal ? 'final segment' : 'segment';
}

// In words, what the slider shows.
function shownText(result, view) {
  const all = ranked(result);
  const count = clamp(result.final.length + view.more, 0, all.length);
  const finals = Math.min(count, result.final.length);
  const lowest = count ? `, scores from ${scoreText(Math.min(...all.slice(0, count).map((s) => s.score)))}` : '';
  const more = count > finals ? ` and ${countText(count - finals, 'candidate')}` : '';
  return `${finals} of ${countText(result.final.length, finalName(result))}${more}${lowest}`;
}

// Each segment with a row of its lane, so that those that overlap lie below each other.
function packed(segments) {
  const ends = [];
  return [...segments].sort((a, b) => a.start - b.start || b.end - a.end).map((segment) => {
    const free = ends.findIndex((end) => end <= segment.start);
    const row = free < 0 ? ends.length : free;
    ends[row] = segment.end;
    return {segment, row};
  });
}

// Where a segment lies after its correction.
function span(segment) {
  const mark = markOf(segment);
  return hasBounds(mark) ? {start: mark.start, end: mark.end} : segment;
}

function plays(segment, moment) {
  return segment.start <= moment && moment < segment.end;
}

// The lanes of the timeline, a class after the other: what is true, what was found, and what the
// other file has; {label, kind, places: as packed() has them, rows}.
function timelineLanes(data, view) {
  const found = data.found ? shownSegments(data.found, view) : [];
  const other = data.other ? shownSegments(data.other, view) : [];
  const truth = data.truth ?? [];
  const labels = new Set([...found, ...truth, ...other].map((segment) => segment.label));
  const lanes = [];
  const addLane = (label, kind, segments) => {
    const places = packed(segments.filter((segment) => segment.label === label));
    lanes.push({label, kind, places, rows: Math.max(1, ...places.map(({row}) => row + 1))});
  };
  for (const label of labels) {
    if (data.truth) addLane(label, 'truth', truth);
    if (data.found) addLane(label, 'found', found);
    if (data.other) addLane(label, 'other', other);
  }
  return lanes;
}
