// Numbers and counts as text, and the colours of classes.

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

// As score_text() has it in figures and videos: "0.61", from 100 on with five digits.
function scoreText(score) {
  if (Math.abs(score) < 100) return score.toFixed(2);
  const [digits, power] = score.toPrecision(5).split('e');
  return String(Number(digits)) + (power ? `e${power[0]}${power.slice(1).padStart(2, '0')}` : '');
}

function countText(count, singular, plural = `${singular}s`) {
  return `${count} ${count === 1 ? singular : plural}`;
}

// The colours of style.css, and what can be read on them.
const palette = ['blue', 'orange', 'green', 'pink', 'sky', 'red', 'yellow'];

function colourNameOf(label) {
  const index = Math.max(0, app.report.colouredClasses.indexOf(label));
  return palette[index % palette.length];
}

function colourOf(label) {
  return `var(--${colourNameOf(label)})`;
}

function inkOf(label) {
  return `var(--on-${colourNameOf(label)})`;
}
