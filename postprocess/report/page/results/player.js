// The video, and the moment that is shown. Without a video there still is a moment.

function buildPlayer() {
  const {link, problem} = app.data.media;
  app.player = null;
  byId('view').classList.toggle('bare', !link);
  const parts = [];
  if (link) {
    app.player = element('video', {src: link, controls: true, preload: 'metadata', playsinline: true,
      loadedmetadata: takeLength,
      timeupdate: followPlayer, seeked: followPlayer, play: keepFollowing, error: showUnplayable});
    parts.push(app.player);
  }
  parts.push(element('p', {id: 'player-note', class: 'notes'}, link ? playerNote(problem) : absenceNote()));
  byId('player').replaceChildren(...parts);
}

// Where nobody else tells how long the video is, the browser does.
function takeLength({target}) {
  if (target !== app.player) return; // of a video that was left
  if (app.length === null && Number.isFinite(target.duration)) {
    app.length = target.duration;
    layOut();
  }
  target.currentTime = app.now;
}

function absenceNote() {
  const {found, other} = app.data;
  const path = found?.path || other?.path;
  const rest = 'all else can still be looked at.';
  if (!path) return `The results name no file of this video; ${rest}`;
  if (/\.np[yz]$/.test(path)) return `The results name arrays, ${path}, and no video; ${rest}`;
  const where = path.startsWith('/') ? '' : ', neither from the folder in which the report was made nor from that of the results';
  return `The results name ${path}, which is not there${where}; ${rest}`;
}

function playerNote(problem) {
  if (!problem) return '';
  return `Browsers may not play this video: ${problem}. co2net report --transcode makes a copy that they play.`;
}

function showUnplayable(event) {
  if (event.target !== app.player) return; // of a video that was left
  const {problem} = app.data.media;
  byId('player-note').textContent = playerNote(problem || 'this browser cannot read it, or it is gone');
  app.player = null;
  byId('player').querySelector('video').hidden = true;
}

function followPlayer() {
  if (app.player) showMoment(app.player.currentTime);
}

// More often than the video says it, for a playhead that moves evenly.
function keepFollowing() {
  if (!app.player || app.player.paused) return;
  followPlayer();
  requestAnimationFrame(keepFollowing);
}

function seek(moment) {
  if (app.player) app.player.currentTime = clamp(moment, 0, app.duration);
  showMoment(clamp(moment, 0, app.duration));
}

function showMoment(moment) {
  app.now = moment;
  byId('playhead').style.left = percent(moment);
  const ruler = byId('ruler');
  ruler.setAttribute('aria-valuenow', moment.toFixed(2));
  ruler.setAttribute('aria-valuetext', timeText(moment));
  markPlaying();
  shareMoment();
}

// Segments at this moment are marked, and named.
function markPlaying() {
  const names = [];
  for (const button of byId('lanes').querySelectorAll('.segment')) {
    const isPlaying = plays(button.span, app.now);
    button.classList.toggle('playing', isPlaying);
    if (isPlaying) names.push(button.label);
  }
  const text = names.length ? `Now: ${[...new Set(names)].join(', ')}` : 'Now: nothing';
  if (byId('now').textContent !== text) byId('now').textContent = text;
}

function togglePlay() {
  if (!app.player) return;
  if (app.player.paused) app.player.play();
  else app.player.pause();
}
