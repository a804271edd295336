// What is shown, in the order of the page.

const data = JSON.parse(document.getElementById('data').textContent);
const evaluation = data.evaluation;
const report = evaluation.report;
const errors = report.error_analysis;

function showAbout() {
  const {counts, classification} = evaluation;
  document.title = `Evaluation of ${data.predictions}`;
  byId('results-page').hidden = !data.results_page;
  const subset = evaluation.subset === undefined ? '' : `, subset ${evaluation.subset}`;
  byId('about').textContent =
    `${data.predictions} against ${data.ground_truth}${subset}, protocol ${evaluation.protocol}: ` +
    `${counts.predictions} predictions, ${counts.segments} segments of ` +
    `${Object.keys(evaluation.per_class).length} classes in ${counts.videos} videos.` + (classification ?
      ` Classification mAP ${percent(classification.mAP)} (${classification.videos} videos).` : '');
  byId('analysis-note').textContent =
    'False positives, sensitivity and false negatives follow the definitions of DETAD (Alwassel et al., ECCV 2018): ' +
    'in seconds whatever the protocol, by a precision that counts as if every class had as many segments. ' +
    `Compared are ${errors.segments} segments` + (errors.segments_left_out === 0 ? '.' :
      `; ${errors.segments_left_out} without length or longer than their video are left out.`);
}

letScroll();
showAbout();
showMap();
showClasses();
showCurves();
showKinds();
showCharacteristics();
