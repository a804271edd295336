'use strict';

// Elements, as the pages make them.

// Children that are text stay text, so nothing that a file says becomes markup.
function filled(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(key, value);
    else if (value !== false && value !== undefined) made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

function svgElement(name, attributes = {}, ...children) {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);
}

// How a line of that colour and dash is told in a legend.
function lineSample(colour, dash) {
  return svgElement('svg', {width: 28, height: 12, 'aria-hidden': 'true'},
    svgElement('line', {x1: 0, y1: 6, x2: 28, y2: 6, stroke: colour, 'stroke-width': 2, 'stroke-dasharray': dash}));
}

function byId(id) {
  return document.getElementById(id);
}
