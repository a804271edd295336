// The video, and the moment that is shown. Without a video there still is a moment.

function buildPlayer() {
  const {link, problem} = app.data.media;
  app.player = null;
  byId('view').classList.toggle('bare', !link);
  const parts = [];
  if (link) {
    app.player = element('video', {src: link, controls: true, preload: 'metadata', playsinline: true,
      loadedmetadata: (event) => { event.target.currentTime = app.now; },
      timeupdate: followPlayer, seeked: followPlayer, play: keepFollowing, error: showUnplayable});
    parts.push(app.player);
  }
  parts.push(element('p', {id: 'player-note', class: 'notes'}, playerNote(link, problem)));
  byId('player').replaceChildren(...parts);
}

function playerNote(link, problem) {
  if (!link) return 'The results name no file of this video that is there; all else can still be looked at.';
  if (!problem) return '';
  return `Browsers may not play this video: ${problem}. co2net report --transcode makes a copy that they play.`;
}

function showUnplayable(event) {
  if (event.target !== app.player) return; // of a video that was left
  const {problem} = app.data.media;
  byId('player-note').textContent = playerNote('link', problem || 'this browser cannot read it, or it is gone');
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
