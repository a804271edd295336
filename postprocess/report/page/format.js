'use strict';

// Small things that everything here uses.

// An element. Children that are text stay text, so nothing that a file says becomes markup.
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(key, value);
    else if (value !== false && value !== undefined) made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

function byId(id) {
  return document.getElementById(id);
}

function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}

// "7.25 s", from a minute on "1:07.25", from an hour on "1:01:07.25".
function timeText(seconds) {
  if (seconds < 60) return `${seconds.toFixed(2)} s`;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = (seconds % 60).toFixed(2).padStart(5, '0');
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

function scoreText(score) {
  return score >= 0.01 ? score.toFixed(2) : score.toPrecision(1);
}

function countText(count, singular, plural = `${singular}s`) {
  return `${count} ${count === 1 ? singular : plural}`;
}

// Colours that the colour-blind tell apart (Okabe and Ito), and what can be read on them.
const palette = ['#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00', '#F0E442'];

function colourOf(label) {
  const index = Math.max(0, app.report.classes.indexOf(label));
  return palette[index % palette.length];
}

function inkOn(colour) {
  return colour === '#0072B2' ? '#fff' : '#000';
}
